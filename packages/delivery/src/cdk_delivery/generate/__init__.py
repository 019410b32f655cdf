"""Files that are generated from code and templates, and committed."""
