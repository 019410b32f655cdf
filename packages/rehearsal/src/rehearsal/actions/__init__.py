"""Runners of CodePipeline actions: a plain table, one module a provider."""
