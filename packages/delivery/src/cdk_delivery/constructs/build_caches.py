"""Where the builds' tools keep what they download or build, for the cache of each build.

It is in the home of CodeBuild's images, which is root's; `cache.paths` names it, since no variable is
known to count there. Source: AWS CodeBuild user guide, "Build specification reference", cache/paths.
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
    """What `cache.paths` has for these tools."""
    return [f"{HOME}/{CACHE_FOLDERS[tool]}/**/*" for tool in tools]
