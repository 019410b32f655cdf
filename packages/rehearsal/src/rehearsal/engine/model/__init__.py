"""Pipeline definitions: parsing, validation, order, variables and triggers. Pure functions and values."""
