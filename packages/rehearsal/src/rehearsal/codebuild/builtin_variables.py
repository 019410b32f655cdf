"""The environment variables of every build: CodeBuild's, and those of the image.

Source: AWS CodeBuild user guide, "Environment variables in build environments".
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

from rehearsal.codebuild.model import Build, BuildFolders
from rehearsal.host import host_environment
from rehearsal.workspace.prepared_folders import XDG


def build_variables(build: Build, sources: Mapping[str, Path]) -> dict[str, str]:
    """Return CodeBuild's variables, except those of webhooks and public builds, which have no value here."""
    return {
        "AWS_DEFAULT_REGION": build.region,
        "AWS_REGION": build.region,
        **({"CODEBUILD_BATCH_BUILD_IDENTIFIER": build.batch_identifier} if build.batch_identifier else {}),
        "CODEBUILD_BUILD_ARN": build.arn,
        "CODEBUILD_BUILD_ID": build.id,
        "CODEBUILD_BUILD_IMAGE": build.image,
        "CODEBUILD_BUILD_NUMBER": str(build.number),
        "CODEBUILD_BUILD_SUCCEEDING": "1",
        "CODEBUILD_INITIATOR": build.initiator,
        "CODEBUILD_KMS_KEY_ID": build.key_arn,
        "CODEBUILD_LOG_PATH": build.log_stream,
        "CODEBUILD_RESOLVED_SOURCE_VERSION": build.resolved_version,
        "CODEBUILD_SOURCE_VERSION": build.source_version,
        "CODEBUILD_START_TIME": str(int(time.time() * 1000)),
        **{f"CODEBUILD_SRC_DIR_{name}" if name else "CODEBUILD_SRC_DIR": str(path) for name, path in sources.items()},
    }


def image_variables(folders: BuildFolders) -> dict[str, str]:
    """Return the variables of the build image: home, search path, proxy settings and package caches.

    The download caches of package managers are shared by all builds, because a laptop has no registry close by. Git
    does not search above the build's folder for a repository.
    """
    home, caches = folders.home, folders.caches
    npm = home / ".npm-global"
    for folder in (home, npm):
        folder.mkdir(parents=True, exist_ok=True)
    path = [npm / "bin", Path("/usr/local/bin"), Path("/usr/bin"), Path("/bin")]
    return {
        **host_environment.clean_environment(),
        "HOME": str(home),
        "TMPDIR": str(folders.temporary),
        "GIT_CEILING_DIRECTORIES": str(folders.folder.parent),
        "PATH": os.pathsep.join(map(str, path)),
        "npm_config_prefix": str(npm),
        "npm_config_cache": str(caches / "npm"),
        "UV_CACHE_DIR": str(caches / "uv"),
        "PIP_CACHE_DIR": str(caches / "pip"),
        "XDG_CACHE_HOME": str(caches / XDG),
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(caches / "jsii"),
    }
