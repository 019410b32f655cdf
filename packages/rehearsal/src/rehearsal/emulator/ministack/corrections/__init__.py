"""Declarations of MiniStack's corrections; patches.py puts them in order."""
