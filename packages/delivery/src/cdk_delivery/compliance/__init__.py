"""The rule packs of every synthesis, accepted findings, and checks of the assembly."""
