"""CodePipeline's API, answered by the engine."""
