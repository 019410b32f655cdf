"""Gates of `make check` that look at what is shipped and at what is pushed."""
