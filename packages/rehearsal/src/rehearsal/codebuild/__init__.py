"""Runs a CodeBuild project's buildspec on this machine."""
