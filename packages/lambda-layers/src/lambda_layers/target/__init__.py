"""The runtime that layers are built for: Python version, architecture, limits."""
