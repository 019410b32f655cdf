"""The CDK app: read the settings, make the pipeline stack, attach the rule packs, synthesize."""

import gc
import os
import sys
from pathlib import Path

from aws_cdk import App

from cdk_delivery.compliance.packs import attach_packs
from cdk_delivery.constructs.project_files import Project
from cdk_delivery.errors import WrongUse
from cdk_delivery.quotas import quota_usages
from cdk_delivery.settings.messages import SettingsError
from cdk_delivery.settings.placeholders import reject_placeholders
from pipeline.stack import PipelineStack, Settings

ROOT = Path(__file__).parent


def main() -> int:
    """Synthesize; 2 for settings that are refused. A finding of a rule makes the synthesis itself fail."""
    app = App(analytics_reporting=False)
    try:
        delivery, project = Settings.read(app.node.try_get_context("delivery")), Project.at(ROOT)
        reject_placeholders(delivery, os.environ, page=project.config.pages.go_live)
        PipelineStack(app, "Pipeline", delivery=delivery, project=project)
    except (SettingsError, WrongUse) as error:
        print(error, file=sys.stderr)
        return 2
    attach_packs(app)
    try:
        assembly = app.synth()
    except RuntimeError as error:
        if not str(error).startswith("ValidationFailed"):
            raise
        # The findings are printed already; jsii hands over nothing but the name of the failure.
        print(str(error).partition(": ")[2], file=sys.stderr)
        return 1
    passed = [use for use in quota_usages(Path(assembly.directory)) if use.exceeded]
    for use in passed:
        print(f"{use.what}: {use.used}, and AWS allows {use.allowed}: {use.remedy}", file=sys.stderr)
    return int(bool(passed))


if __name__ == "__main__":
    status = main()
    gc.freeze()  # the interpreter would look for garbage as it ends, of which CDK makes much
    sys.exit(status)
