"""Typed access to MiniStack: one module per AWS service; only these modules import MiniStack."""
