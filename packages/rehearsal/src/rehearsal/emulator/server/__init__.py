"""The embedded AWS's process: start, serve, stop."""
