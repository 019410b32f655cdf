"""Execution policies and the permissions boundary: what CloudFormation and the roles that it creates may do."""
