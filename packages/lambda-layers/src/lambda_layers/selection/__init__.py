"""Which packages go into which layer."""
