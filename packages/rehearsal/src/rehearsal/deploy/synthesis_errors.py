"""Errors of a synthesis for which a way on is known."""

from __future__ import annotations

import re

# Errors of aws-cdk-lib: of an action in another account (aws-codepipeline/lib/pipeline.ts), and of an asset
# (core/lib/asset-staging.ts).
_OTHER_ACCOUNT = re.compile(r"pipeline account: '(?P<default>\d{12})', action account: '(?P<named>\d{12})'")
_NO_ASSET = re.compile(r"Cannot find asset at \S*?/deploy/source/(?P<asset>\S+)")
# `getContext`, `try_get_context` and functions of the app named after them in a stack trace or a line of code, and an
# app's own message.
_NO_CONTEXT = re.compile(
    r"\b\w*[gG]et\w*_?[cC]ontext\b|\b[cC]ontext (?:value|variable|key|parameter|argument)s?\b|(?:-c|--context) \w+="
)
# Python's and Node.js's messages; Node.js calls a file of the app by its path.
_NO_PYTHON_MODULE = re.compile(r"ModuleNotFoundError: No module named '(?P<module>[\w.]+)'")
_NO_NODE_MODULE = re.compile(r"Cannot find module '(?P<module>[^'./][^']*)'")
_WAYS_ON = {
    _NO_PYTHON_MODULE: (
        "the app's Python does not find {module}: install its requirements into .venv, or set PYTHONPATH as for"
        " `cdk synth`"
    ),
    _NO_NODE_MODULE: "the app does not find the package {module}: `npm ci` installs what its package-lock.json names",
    _OTHER_ACCOUNT: (
        "the app deploys to {named}, and CDK_DEFAULT_ACCOUNT is {default}: where the pipeline is in {named} too,"
        ' set in rehearsal.toml: account = "{named}", and region'
    ),
    _NO_ASSET: (
        "HEAD does not have {asset}: where a build creates it, name the build as `build` in cdk.json, or put it before"
        ' the app: `rehearse run --app "npm ci && npm run build && npx ts-node bin/app.ts"`'
    ),
    _NO_CONTEXT: (
        "the app reads context: where its pages give it as `cdk deploy --context KEY=VALUE`, set in rehearsal.toml"
        ' under [context]: KEY = "VALUE"'
    ),
}


def ways_on(output: str) -> list[str]:
    """Return a line for each known error in the output of a synthesis."""
    return [text.format(**match.groupdict()) for known, text in _WAYS_ON.items() if (match := known.search(output))]
