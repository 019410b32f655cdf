"""uv: its lock and its export."""
