"""Measurements against peers, each in one run on one machine; the command is `python -m bench`."""
