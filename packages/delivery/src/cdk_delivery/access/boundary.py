"""The name of the permissions boundary, for modules that do not generate policies."""

BOUNDARY = "delivery-boundary"
