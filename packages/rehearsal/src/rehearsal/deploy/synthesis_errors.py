"""The error of a synthesis that failed in one line, with the way on where it is known."""

from __future__ import annotations

import re

_ERROR = re.compile(r"^\s*((?:.*[^\w.])?[\w.]*(?:Error|Exception): .*)$", re.MULTILINE)
# Source: aws-cdk-lib, aws-codepipeline/lib/pipeline.ts, the error of an action in another account.
_OTHER_ACCOUNT = re.compile(r"pipeline account: '(\d{12})', action account: '(\d{12})'")


def first_lines(output: str) -> str:
    """Return the last error of the output and its way on, each as a line; empty where the output has no error."""
    errors = _ERROR.findall(output)
    if not errors:
        return ""
    lines = [errors[-1]]
    if accounts := _OTHER_ACCOUNT.search(errors[-1]):
        default, named = accounts.groups()
        lines.append(
            f"the app deploys to {named}, and CDK_DEFAULT_ACCOUNT is {default}: where the pipeline is in {named} too,"
            f' set in rehearsal.toml: account = "{named}", and region'
        )
    return "".join(f"{line}\n" for line in lines)
