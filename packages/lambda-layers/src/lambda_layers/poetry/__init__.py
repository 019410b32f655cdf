"""Poetry's side: its lock, its groups, its export."""
