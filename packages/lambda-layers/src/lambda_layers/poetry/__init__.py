"""Poetry: its lock, its groups and its export."""
