"""`python -m bench.pipelines.qualify CLONE...`: whether a clone fits the rule of README.md; one line each."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

SKIPPED = {".git", "node_modules", "cdk.out", ".venv", "venv", "dist", "build", "target", "test", "tests"}
SOURCES = {".ts": "TypeScript", ".js": "JavaScript", ".py": "Python", ".java": "Java", ".cs": "C#", ".go": "Go"}
DECLARATIONS = ("package.json", "requirements*.txt", "setup.py", "pyproject.toml", "pom.xml", "*.csproj", "go.mod")
CDK_V2 = re.compile(r"""aws-cdk-lib["'>]?(?:\s*[:=~<>^]+\s*["']?\^?~?([\d.]+))?|Amazon\.CDK\.Lib|awscdk/v2""")
# `aws-cdk-lib/pipelines` has CodePipeline, `aws-cdk-lib/aws-codepipeline` has Pipeline.
PIPELINE = re.compile(
    r"(?:new\s+(?:\w+\.)?|(?:pipelines|\bcdk_pipelines|\bpipeline)\.|=\s*|return\s+)CodePipeline(?:\(|\.Builder)"
    r"|(?:codepipeline|codePipeline|cp|aws_codepipeline|cpl)\.Pipeline(?:\(|\.Builder)|new\s+Pipeline\("
)
ACCOUNT_DATA = {
    "a look-up": r"\.(?:fromLookup|from_lookup)\b|MachineImage\.lookup|LookupMachineImage",
    "a hosted zone or certificate": r"HostedZone|from_certificate_arn|fromCertificateArn|new\s+(?:acm\.)?Certificate\(",
    "an SSM parameter": r"valueFromLookup|value_from_lookup|(?:valueFor|from)\w*StringParameter\w*\("
    r"|from_(?:secure_)?string_parameter|value_for_\w*string_parameter",
    "a private registry": r"codeartifact|npm\.pkg\.github\.com|GITHUB_PACKAGES",
}
# What cannot be judged here, or is red on AWS as well, by the text of source files, buildspecs and scripts.
UNJUDGED = {
    "an image": r"DockerImage(?:Function|Asset|Code)|(?:from_?image_?asset|ContainerImage\.from_?asset)\("
    r"|privileged\s*[=:]\s*true|\bdocker (?:build|login|pull|push)\b",
    "a retired runtime": r"Runtime\.(?:PYTHON_(?:2_7|3_[67])|NODEJS(?:_[468]\w*|_1[024]\w*)?\b|GO_1_X|JAVA_8\b)"
    r"|\bnodejs(?:8|10|12|14)\.|\bpython(?:2\.7|3\.[67])\b",
    "another registry or host": r"\b(?:curl|wget)\b[^\n]*https?://[a-z]"
    r"|\b(?:yum|dnf|apt|apt-get|brew) (?:-y )?install\b|\bgo (?:build|get|mod|install)\b"
    r"|\b(?:mvnw?|gradlew?|dotnet|cargo|sam|terraform) (?:build|package|install|publish|apply|clean)\b",
}
COMMANDS = {*SOURCES, ".yml", ".yaml", ".sh", ".json", ".toml"}
LOCKS = ("package-lock.json", "npm-shrinkwrap.json")
SECRET = re.compile(
    r"""(?:from\w*[Ss]ecret\w*\([^;]*?|SecretValue\.secretsManager\(|SecretValue\.secrets_manager\()["'`]?([\w/.-]*)""",
    re.DOTALL,
)
ACTION = re.compile(r"\b(?:new\s+)?(?:\w+\.)?(\w+)(?:Source)?Action\(")
SOURCE = re.compile(r"CodePipelineSource\.(\w+)|(\w*)SourceAction\b")


@dataclass(frozen=True)
class Clone:
    """A repository's files, without what is installed or built."""

    folder: Path

    @cached_property
    def code(self) -> str:
        """Every source file, one after the other."""
        return "\n".join(file.read_text(errors="replace") for file in self._files() if file.suffix in SOURCES)

    @property
    def language(self) -> str:
        """The language of the file that constructs the pipeline; empty where none does."""
        return SOURCES[self.pipeline_file.suffix] if self.pipeline_file else ""

    @cached_property
    def pipeline_file(self) -> Path | None:
        """The first file that constructs a pipeline; compiled JavaScript comes last."""
        files = sorted(self._files(), key=lambda path: path.suffix == ".js")
        sources = (file for file in files if file.suffix in SOURCES)
        return next((file for file in sources if PIPELINE.search(file.read_text(errors="replace"))), None)

    @property
    def neighbours(self) -> frozenset[str]:
        """The names of the files next to the pipeline's: copies of one tutorial have the same."""
        folder = self.pipeline_file.parent if self.pipeline_file else self.folder
        return frozenset(path.name for path in folder.iterdir())

    @property
    def commit(self) -> str:
        return self._git("rev-parse", "HEAD")

    @property
    def cdk_version(self) -> str | None:
        """The declared version; empty where a version is not named, None where aws-cdk-lib is not declared."""
        for pattern in DECLARATIONS:
            for file in self._files(pattern):
                if match := CDK_V2.search(file.read_text(errors="replace")):
                    return match[1] or ""
        return None

    @property
    def sources(self) -> str:
        """The kinds of source, as the code names them."""
        return " ".join(sorted({first or second or "?" for first, second in SOURCE.findall(self.code)}))

    @property
    def app_folders(self) -> list[Path]:
        """Folders with a cdk.json, at most two deep; the nearest first."""
        paths = (path for depth in ("", "*/", "*/*/") for path in sorted(self.folder.glob(f"{depth}cdk.json")))
        return [path.parent for path in paths if not SKIPPED & {*path.relative_to(self.folder).parts}]

    def refusals(self) -> Iterator[str]:
        """Yield why it does not qualify."""
        if not self._git("ls-files"):  # a clone whose checkout failed has no index
            yield "files of the commit are missing"
        if self.cdk_version is None:
            yield "aws-cdk-lib is not declared"
        if not self.language:
            yield "no pipeline is constructed"
        if not self.app_folders:
            yield "no cdk.json"
        for what, pattern in ACCOUNT_DATA.items():
            if match := re.search(pattern, self.code):
                yield f"{what}: {match[0]}"
        for name in SECRET.findall(self.code):
            if name and not re.search("(?i)git|token", name):
                yield f"a secret: {name}"

    def unjudged(self) -> Iterator[str]:
        """Yield what makes a run here say nothing about AWS; only for the pipelines that follow the first 42."""
        files = (file for file in self._files() if file.suffix in COMMANDS and file.name not in LOCKS)
        text = "\n".join(file.read_text(errors="replace") for file in files)
        for what, pattern in UNJUDGED.items():
            if match := re.search(pattern, text, re.IGNORECASE):
                yield f"{what}: {match[0]}"
        for app in self.app_folders[:1]:
            if (app / "package.json").exists() and not any((app / name).exists() for name in LOCKS):
                yield "package.json without a lock of npm"

    def _git(self, *arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=self.folder, capture_output=True, text=True, check=True
        ).stdout.strip()

    def _files(self, pattern: str = "*") -> Iterator[Path]:
        for path in sorted(self.folder.rglob(pattern)):
            if path.is_file() and not SKIPPED & {*path.relative_to(self.folder).parts[:-1]}:
                yield path


def row(clone: Clone) -> Mapping[str, str]:
    """Return the facts of a clone, for a line of pipelines.tsv."""
    return {
        "commit": clone.commit,
        "language": clone.language,
        "cdk": clone.cdk_version or "",
        "sources": clone.sources,
    }


def main(*folders: str) -> int:
    """Print a line for each clone: yes, no, or over (to be passed over); 1 where one does not qualify."""
    refused = 0
    for folder in folders:
        clone = Clone(Path(folder))
        why = "; ".join(dict.fromkeys(clone.refusals()))
        refused += bool(why)
        unjudged = "; ".join(clone.unjudged())
        print(
            "no" if why else "over" if unjudged else "yes",
            folder,
            why or unjudged or "\t".join(row(clone).values()),
            sep="\t",
        )
    return int(refused > 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
