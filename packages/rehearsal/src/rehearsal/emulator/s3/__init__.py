"""Parts of S3 that MiniStack does not have."""
