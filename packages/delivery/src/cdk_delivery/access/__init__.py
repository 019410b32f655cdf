"""What CloudFormation and the roles that it makes may do in the accounts, instead of everything."""
