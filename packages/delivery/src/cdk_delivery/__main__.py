"""`python -m cdk_delivery`, the same as `delivery`."""

from cdk_delivery.cli import main

main()
