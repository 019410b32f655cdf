"""Output artifacts of a build, as one zip each.

Source: AWS CodeBuild user guide, "Build specification reference", artifacts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from rehearsal.codebuild import file_patterns
from rehearsal.codebuild.build_log import BuildLog
from rehearsal.codebuild.buildspec import Artifacts, Output
from rehearsal.codebuild.file_patterns import MatchedFile
from rehearsal.codebuild.zip_write import zip_files
from rehearsal.errors import RehearsalError


class ArtifactNotFound(RehearsalError):
    """Nothing matches what an artifact names; the message is CodeBuild's."""


def collect(
    declared: Artifacts, *, source: Path, env: Mapping[str, str], folder: Path, log: BuildLog
) -> dict[str, Path]:
    """Zip every artifact below `folder`; the primary one under the empty identifier. Raises ArtifactNotFound."""
    outputs: dict[str, Output] = {"": declared} if declared.files else {}
    outputs |= declared.secondary_artifacts
    made = {}
    for identifier, output in outputs.items():
        found = _matching_files(output, source, env, log)
        log.say(f"Found {len(found)} file(s) for artifact {identifier or 'primary'}")
        made[identifier] = folder / f"artifact-{identifier or 'primary'}.zip"
        zip_files(found, made[identifier], links=output.enable_symlinks)
    return made


def _matching_files(output: Output, source: Path, env: Mapping[str, str], log: BuildLog) -> list[MatchedFile]:
    bases = file_patterns.bases(source, output.base_directory, env)
    if not bases:
        raise ArtifactNotFound(f"no matching base directory path found for {output.base_directory}")
    found = [
        each
        for base in bases
        for each in file_patterns.files(base, output.files, env, output.exclude_paths, links=output.enable_symlinks)
    ]
    outside = [each.name for each in found if ".." in each.name.split("/")]
    if outside:
        raise ArtifactNotFound(f"{outside[0]} is outside of the base directory: no zip can hold it; name another one")
    broken = [each.name for each in found if not each.path.exists() and not output.enable_symlinks]
    for name in broken:
        log.say(f"Skipping invalid file path {name}: a link to nothing")
    whole = [each for each in found if each.name not in broken]
    if not whole:
        hint = _hint(bases, output.files, env)
        raise ArtifactNotFound(f"no matching artifact paths found for {', '.join(output.files)}{hint}")
    return _flat(whole, log) if output.discard_paths else list({each.name: each for each in whole}.values())


def _hint(bases: list[Path], patterns: Iterable[str], env: Mapping[str, str]) -> str:
    """Explain a pattern that matches no file: it names a folder, or a name with brackets."""
    for pattern in (file_patterns.expand_variables(each, env) for each in patterns):
        for path in (base / pattern for base in bases):
            if path.is_dir():
                return f" ({pattern} is a folder: {pattern.rstrip('/')}/**/* names its files)"
            if path.is_file():
                return f" ([...] stands for one of its characters: {re.sub(r'[][]', '?', pattern)} names the file)"
    return ""


def _flat(found: list[MatchedFile], log: BuildLog) -> list[MatchedFile]:
    """Put all files into one folder; of two with one name the later one stays, which is reported."""
    flat: dict[str, MatchedFile] = {}
    for each in found:
        if each.path.name in flat:
            log.say(f"discard-paths: {each.name} takes the place of {flat[each.path.name].path.name} from elsewhere")
        flat[each.path.name] = replace(each, name=each.path.name)
    return list(flat.values())
