"""The rule packs that every synthesis runs."""

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks, NIST80053R5Checks, ServerlessChecks


def attach_packs(app: App) -> None:
    """Attach the packs to `app`, so that a finding fails the synthesis. On a Stage they would be ignored silently."""
    packs = (AwsSolutionsChecks(verbose=True), ServerlessChecks(verbose=True), NIST80053R5Checks(verbose=True))
    Validations.of(app).add_plugins(*packs)
