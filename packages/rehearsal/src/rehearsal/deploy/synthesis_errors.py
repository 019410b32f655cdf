"""Errors of a synthesis for which a way on is known."""

from __future__ import annotations

import re

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


def ways_on(output: str) -> list[str]:
    """Return a line for each known error in the output of a synthesis."""
    return [text.format(**match.groupdict()) for known, text in _WAYS_ON.items() if (match := known.search(output))]
