"""The deployed service: echo, as one CDK Stage."""
