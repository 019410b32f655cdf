"""The execution of stages and actions."""
