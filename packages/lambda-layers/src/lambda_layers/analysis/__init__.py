"""What layers hold and why: checks, differences and reports."""
