"""Reads and changes by AWS's APIs."""
