"""Python functions run as on AWS: AWS's own runtime client, in an interpreter and a file system of their own."""
