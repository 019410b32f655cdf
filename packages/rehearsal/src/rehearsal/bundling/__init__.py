"""Stands in for Docker where CDK bundles assets in a container and this machine has no engine."""
