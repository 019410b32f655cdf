"""Before CDK is imported: its own validation of templates is off, as in cdk.json (docs/decisions/0005)."""

import os

os.environ["CDK_VALIDATION"] = "false"
