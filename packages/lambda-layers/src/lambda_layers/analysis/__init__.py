"""Checks, differences and reports of layers."""
