"""Corrections of MiniStack."""
