"""Alarms of CloudWatch, evaluated as AWS does it."""
