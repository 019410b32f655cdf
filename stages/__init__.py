"""What is deployed: the echo service as one CDK Stage."""
