"""Reproducible builds of layer zips from locked packages."""
