"""Executions and pipelines as data, and the journal on disk."""
