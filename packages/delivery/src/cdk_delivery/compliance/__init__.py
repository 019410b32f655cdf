"""Which rules the templates are held to, and how a finding is answered."""
