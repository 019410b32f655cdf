"""The side of uv: its lock and its export."""
