"""Python functions run as on AWS: AWS's runtime client, in a separate interpreter and file system."""
