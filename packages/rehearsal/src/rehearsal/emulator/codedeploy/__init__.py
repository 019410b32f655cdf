"""CodeDeploy for Lambda: applications, groups, and deployments that shift the traffic of an alias."""
