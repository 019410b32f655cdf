"""Processes, namespaces and interpreters of this machine."""
