"""Changes of a deployment: the pushed assembly compared with the deployed stacks. Runs in a build, with boto3 only."""
