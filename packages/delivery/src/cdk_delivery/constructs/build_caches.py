"""Cache folders of the tools in a build, as patterns for `cache.paths` of its buildspec.

They are below /root, the home folder in CodeBuild's images. It is written out, since AWS does not document that
variables are expanded there. Source: AWS CodeBuild user guide, "Build specification reference", cache/paths.
"""

HOME = "/root"
CACHE_FOLDERS = {
    "uv": ".cache/uv",
    "pip": ".cache/pip",
    "npm": ".npm",
    "jsii": ".cache/aws/jsii",
    "layers": ".cache/lambda-layers-pipeline/layers",
}


def cache_paths(*tools: str) -> list[str]:
    """Return the patterns for `cache.paths` of these tools."""
    return [f"{HOME}/{CACHE_FOLDERS[tool]}/**/*" for tool in tools]
