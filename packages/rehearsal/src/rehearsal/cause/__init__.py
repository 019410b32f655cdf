"""The root cause of a red execution, from its journal and its logs."""
