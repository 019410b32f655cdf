"""Runs executions of a pipeline's definition; knows CodePipeline's rules and no action's work."""
