"""What a deployment would change: the pushed assembly against what is deployed. Runs in a build, with boto3 alone."""
