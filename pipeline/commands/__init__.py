"""What `python -m pipeline` does, a verb a module."""
