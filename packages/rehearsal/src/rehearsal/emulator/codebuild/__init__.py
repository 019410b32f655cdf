"""CodeBuild's API: StartBuild runs builds, and builds are listed."""
