"""The commands of `delivery`, one module each."""
