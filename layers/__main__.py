"""`python -m layers`."""

from layers.cli import main

main()
