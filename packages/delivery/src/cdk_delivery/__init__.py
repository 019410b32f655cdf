"""A self-mutating delivery pipeline for CDK stages, with settings, gates, a changes report, bootstrap and doctor."""
