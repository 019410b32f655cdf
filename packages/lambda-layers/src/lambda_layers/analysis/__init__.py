"""Checks, differences and reports of the content of layers."""
