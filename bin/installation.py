"""The packages of a lock, installed in an environment and compiled."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import project
from commands import download, run

CLOUD_ASSEMBLY_SCHEMA = "aws-cdk-cloud-assembly-schema=="


def export(lock: Path, groups: Sequence[str], python: Callable[[], str]) -> str:
    """Return the locked packages of the groups with their hashes. Raises SetupError if the lock is stale.

    python: returns the path of the interpreter, which uv needs and Poetry does not.
    """
    if lock.name == "uv.lock":
        chosen = [part for group in groups for part in ("--only-group", group)]
        plain = ["--quiet", "--no-header", "--no-annotate", "--no-emit-project", "--no-python-downloads"]
        command = [project.tool("uv"), "export", "--locked", *plain, "--python", python(), *chosen]
        return run(command, why="where uv.lock does not match pyproject.toml, `uv lock` fixes it")
    why = "where poetry.lock does not match pyproject.toml, `poetry lock` fixes it"
    return run([project.tool("poetry"), "export", "--only", ",".join(groups)], why=why)


def install(uv: str, python: str, folder: Path, requirements: str) -> None:
    """Create a relocatable environment with every package of `requirements`, verified by hash."""
    run([uv, "venv", "--quiet", "--relocatable", "--clear", "--python", python, str(folder)])
    # copies: uv's cache shares its files with other environments, where they may be edited
    plain = ["--quiet", "--python", str(folder / "bin" / "python"), "--link-mode", "copy", "--require-hashes"]
    # aws-cdk-lib and its dependency aws-cdk.cloud-assembly-schema have the same files. pip installs aws-cdk-lib last,
    # uv both at the same time, and with the files of the dependency jsii fails to return annotations.
    first = [line for line in requirements.replace("\\\n", "").splitlines() if line.startswith(CLOUD_ASSEMBLY_SCHEMA)]
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "requirements.txt"
        if first:
            file.write_text(first[0])
            download([uv, "pip", "install", *plain, "--no-deps", "-r", str(file)])
        file.write_text(requirements)
        download([uv, "pip", "sync", *plain, str(file)])


def compile_bytecode(folder: Path, imports: Sequence[Sequence[str]], packages: Sequence[str] = ()) -> None:
    """Compile in parallel what Python imports when it runs with each of `imports`, and `packages`."""
    (site,) = folder.glob("lib/python*/site-packages")
    whole = ["-m", "compileall", "-qq", *(str(site / package) for package in packages)]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env["PATH"] = f"{folder / 'bin'}{os.pathsep}{env['PATH']}"  # CDK looks for node there
    # the packages are added later; here they are imported, so that their dependencies are compiled
    sources = [*project.ROOT.glob("packages/*/src"), *project.ROOT.glob("wheels/*.whl")]
    env["PYTHONPATH"] = os.pathsep.join(map(str, sources))
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    processes = [
        subprocess.Popen([str(folder / "bin" / "python"), *arguments], cwd=project.ROOT, env=env, **quiet)
        for arguments in [*([whole] if packages else []), *imports]
    ]
    for process in processes:
        process.wait()  # one that fails has compiled less: slower, not wrong
