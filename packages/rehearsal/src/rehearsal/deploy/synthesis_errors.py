"""The error of a synthesis that failed in one line, with the way on where it is known."""

from __future__ import annotations

import re

_ERROR = re.compile(r"^\s*((?:.*[^\w.])?[\w.]*(?:Error|Exception): .*)$", re.MULTILINE)
# Errors of aws-cdk-lib: of an action in another account (aws-codepipeline/lib/pipeline.ts), and of an asset
# (core/lib/asset-staging.ts).
_OTHER_ACCOUNT = re.compile(r"pipeline account: '(?P<default>\d{12})', action account: '(?P<named>\d{12})'")
_NO_ASSET = re.compile(r"Cannot find asset at \S*?/deploy/source/(?P<asset>\S+)")
_WAYS_ON = {
    _OTHER_ACCOUNT: (
        "the app deploys to {named}, and CDK_DEFAULT_ACCOUNT is {default}: where the pipeline is in {named} too,"
        ' set in rehearsal.toml: account = "{named}", and region'
    ),
    _NO_ASSET: (
        "HEAD does not have {asset}: where a build creates it, name the build as `build` in cdk.json, or build,"
        " synthesize by hand and `run --app cdk.out`"
    ),
}


def first_lines(output: str) -> str:
    """Return the last error of the output and its way on, each as a line; empty where the output has no error."""
    errors = _ERROR.findall(output)
    if not errors:
        return ""
    ways_on = [
        text.format(**match.groupdict()) for known, text in _WAYS_ON.items() if (match := known.search(errors[-1]))
    ]
    return "".join(f"{line}\n" for line in (errors[-1], *ways_on))
