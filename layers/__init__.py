"""poetry.lock -> reproducible Lambda layers; the command is `python -m layers`."""
