"""poetry.lock or uv.lock -> reproducible Lambda layers; the command is `lambda-layers`."""
