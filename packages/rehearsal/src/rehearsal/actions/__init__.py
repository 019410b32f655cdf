"""Runners of CodePipeline actions, one module per provider; registry.py lists them."""
