"""Operation names in the header X-Amz-Target: CodePipeline's prefix, and the operations that CodePipeline lacks."""

TARGET = "CodePipeline_20150709."
REHEARSE_ACTION = "RehearseAction"
REHEARSE_PULL_REQUEST = "RehearsePullRequest"
