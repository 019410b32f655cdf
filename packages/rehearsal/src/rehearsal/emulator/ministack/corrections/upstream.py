"""Why a fault is not reported to MiniStack's project, https://github.com/ministackorg/ministack/issues."""

UNREDUCED = "not reported: the test has to become a request with AWS's answer first"
DIFFERENT_DESIGN = "not reported: MiniStack does this by design, which this project replaces"
