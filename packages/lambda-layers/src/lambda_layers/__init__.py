"""poetry.lock -> reproducible Lambda layers; the command is `lambda-layers`."""
