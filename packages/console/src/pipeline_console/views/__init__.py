"""View models: pure functions of API answers."""
