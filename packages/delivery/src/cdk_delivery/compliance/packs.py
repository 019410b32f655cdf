"""The rule packs that every synth is held to."""

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks, NIST80053R5Checks, ServerlessChecks


def attach_packs(app: App) -> None:
    """Attach the packs to `app`; on a Stage they would be ignored in silence. A finding then makes synth fail."""
    packs = (AwsSolutionsChecks(verbose=True), ServerlessChecks(verbose=True), NIST80053R5Checks(verbose=True))
    Validations.of(app).add_plugins(*packs)
