"""MiniStack: the port to its private names, and its corrections."""
