"""The user's project: CDK app, cloud assembly, git repository, rehearsal.toml."""
