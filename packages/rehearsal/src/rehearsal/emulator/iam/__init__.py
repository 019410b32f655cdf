"""IAM as on AWS: corrections of MiniStack's policy evaluation, missing checks, and a log of the decisions."""
