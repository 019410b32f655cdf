"""Reasons why a fault is not reported to MiniStack's project, https://github.com/ministackorg/ministack/issues."""

UNREDUCED = "not reported: a report first needs one request with AWS's response, which the test is not"
DIFFERENT_DESIGN = "not reported: MiniStack does this by design, and this project needs another one"
