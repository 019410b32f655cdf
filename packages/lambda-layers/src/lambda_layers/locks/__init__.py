"""Pins, their sources, and the graph of packages, for every kind of lock."""
