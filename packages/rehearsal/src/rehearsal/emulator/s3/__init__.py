"""S3, as far as MiniStack does not have it."""
