"""CodeBuild's API: StartBuild, StopBuild, build records and test reports."""
