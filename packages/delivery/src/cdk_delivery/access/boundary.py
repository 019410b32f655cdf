"""The name of the permissions boundary, for those who need no more of it: what makes the policies loads cfn-lint."""

BOUNDARY = "delivery-boundary"
