"""`python -m pipeline_console`."""

from pipeline_console.cli import main

main()
