"""How requests name operations: those of CodePipeline's API, and the one that is not CodePipeline's."""

TARGET = "CodePipeline_20150709."
REHEARSE_ACTION = "RehearseAction"
