"""CloudWatch alarms, evaluated as on AWS."""
