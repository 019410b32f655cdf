"""MiniStack under typed names: one module per AWS service, and the only ones that import it."""
