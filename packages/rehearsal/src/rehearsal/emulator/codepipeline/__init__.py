"""CodePipeline's API, implemented by the engine."""
