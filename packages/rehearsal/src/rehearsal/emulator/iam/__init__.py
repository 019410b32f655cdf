"""IAM as on AWS: what MiniStack gets wrong or never asks, each corrected by one function; decisions told."""
