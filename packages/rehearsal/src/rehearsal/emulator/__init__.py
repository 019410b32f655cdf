"""The embedded AWS: MiniStack, CodePipeline and the engine in one process."""
