"""The embedded AWS: MiniStack in a process of ours, with CodePipeline and the engine beside it."""
