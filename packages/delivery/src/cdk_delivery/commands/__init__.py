"""What `delivery` does, a verb a module."""
