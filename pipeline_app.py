"""The CDK app: read the settings, create the pipeline's stack, attach the rule packs, synthesize."""

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
    """Synthesize. Return 0, 1 for a finding of a rule or an exceeded quota, 2 for refused settings."""
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
        # The findings are printed already; jsii's error has only the name of the failure.
        print(str(error).partition(": ")[2], file=sys.stderr)
        return 1
    exceeded = [usage for usage in quota_usages(Path(assembly.directory)) if usage.exceeded]
    for usage in exceeded:
        print(f"{usage.what}: {usage.used}, and AWS allows {usage.allowed}: {usage.remedy}", file=sys.stderr)
    return int(bool(exceeded))


if __name__ == "__main__":
    status = main()
    gc.freeze()  # skip the final garbage collection: CDK's objects have many reference cycles
    sys.exit(status)
