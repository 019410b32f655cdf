"""Artifacts in the format CODEBUILD_CLONE_REF: a reference to a commit, from which a build clones the repository.

Sources: AWS CodePipeline user guide, "Use full clone with a GitHub pipeline source", "Use full clone with a CodeCommit
pipeline source".
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from rehearsal.codebuild.zip_extract import Unzip, unzip
from rehearsal.project import git_repository
from rehearsal.project.remotes import Remotes

FORMAT = "CODEBUILD_CLONE_REF"
_FILE = "codebuild-clone-ref.json"
# CodeConnections was called CodeStar Connections: policies may use either prefix.
USE_CONNECTION_ACTIONS = ("codeconnections:UseConnection", "codestar-connections:UseConnection")


@dataclass(frozen=True)
class CloneRef:
    """A commit of a branch.

    needs: a build needs one of these IAM actions on `resource` to clone it. source: the source action that read it.
    """

    commit: str
    branch: str
    needs: tuple[str, ...]
    resource: str
    source: str = ""

    @classmethod
    def from_settings(
        cls, commit: str, branch: str, settings: Mapping[str, str], account_region: tuple[str, str], source: str
    ) -> Self:
        """Return the reference of the source action `source` with this configuration."""
        if "ConnectionArn" in settings:
            return cls(commit, branch, USE_CONNECTION_ACTIONS, settings["ConnectionArn"], source)
        account, region = account_region
        arn = f"arn:aws:codecommit:{region}:{account}:{settings.get('RepositoryName', '')}"
        return cls(commit, branch, ("codecommit:GitPull",), arn, source)

    @classmethod
    def read(cls, zip_file: Path) -> Self | None:
        """Return the reference in an artifact; None where the artifact contains files. Raises BadZipFile."""
        with zipfile.ZipFile(zip_file) as archive:
            if archive.namelist() != [_FILE]:
                return None
            fields = json.loads(archive.read(_FILE))
        return cls(**{**fields, "needs": tuple(fields["needs"])})

    def write(self, zip_file: Path) -> None:
        with zipfile.ZipFile(zip_file, "w") as archive:
            archive.writestr(_FILE, json.dumps(asdict(self)))


def unpack_or_clone(zip_file: Path, folder: Path, remotes: Remotes, unzip: Unzip = unzip) -> None:
    """Unpack an artifact, or clone the commit that it refers to. Raises as `unzip` does, and WrongUse."""
    reference = CloneRef.read(zip_file)
    if reference is None:
        unzip(zip_file, folder)
    else:
        git_repository.clone(remotes.of(reference.source), reference.commit, reference.branch, folder)
