"""Routes and templates."""
