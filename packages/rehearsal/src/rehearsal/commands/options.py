"""The options that several commands have."""

from __future__ import annotations

import click

PORT = click.option("--port", type=click.IntRange(1, 65535), help="Port on 127.0.0.1 (default: a free one).")
IAM = click.option("--iam/--no-iam", default=None, help="Enforce IAM (default: --iam, or as what runs already does).")
CLOCK = click.option(
    "--clock", metavar="60x", help="How much faster AWS's waiting passes, such as a traffic shift (default: 200x)."
)
APP = click.option(
    "--app",
    metavar="COMMAND|FOLDER",
    help="The CDK app, as for `cdk --app`: a command, or the folder of a cloud assembly (default: what cdk.json says).",
)
PIPELINE = click.option(
    "--pipeline", metavar="NAME", help="Which pipeline, where the app has several: by its stack's name, or its own."
)
ACCEPT = click.option(
    "--accept",
    "names",
    multiple=True,
    metavar="NAME",
    help="Go on without what cannot be rehearsed: an action's provider, or a type AWS::Service::Resource. Repeatable.",
)
