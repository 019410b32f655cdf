"""A pipeline that was deployed from the recorded commit, in an embedded AWS that runs that commit's code."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3

from tests.upgrade.commands import ROOT, environment, run

ENVIRONMENTS = ("pipeline", "dev", "prod")
EXEMPT = {"AWS::Lambda::LayerVersion", "AWS::Lambda::Version"}
_IDENTITY = ("-c", "user.name=test", "-c", "user.email=test@localhost")

# environment, stack, logical id -> type and physical id
Resources = Mapping[tuple[str, str, str], tuple[str, str]]


@dataclass(frozen=True)
class Deployed:
    """One repository with its rehearsal; every command runs with the tools of that repository."""

    root: Path

    @cached_property
    def env(self) -> dict[str, str]:
        home = self.root.parent / "home"
        home.mkdir(exist_ok=True)
        return environment(self.root, HOME=str(home))

    def set_up(self) -> None:
        """Commit the tree, install its tools, and start its embedded AWS with the pipeline deployed."""
        git(self.root, "init", "--quiet", "--initial-branch", "main")
        commit(self.root, "deployed")
        run(["make", "setup"], environment(self.root), self.root)
        downloads = ROOT / ".rehearsal" / "cache"
        if downloads.exists():
            shutil.copytree(downloads, self.root / ".rehearsal" / "cache", symlinks=True)
        self.rehearsal("up")

    def rehearsal(self, *arguments: str) -> str:
        """Run one command of the rehearsal, and return what it printed."""
        printed = run(["python", "-m", "rehearsal", *arguments], self.env, self.root)
        print(printed)  # pytest shows it if the test fails
        return printed

    def result(self, *arguments: str) -> dict[str, Any]:
        """Run one command of the rehearsal that takes `--json FILE`, and return what it wrote."""
        file = self.root.parent / "result.json"
        self.rehearsal(*arguments, "--json", str(file))
        result: dict[str, Any] = json.loads(file.read_text())
        return result

    def push(self, clone: Path) -> str:
        """Push the branch main of a clone of this repository; return the id of the execution that it started."""
        said = git(clone, "push", str(self.root / ".rehearsal" / "remote.git"), "main", env=self.env)
        (execution,) = re.findall(r"started execution (\S+)", said)
        return str(execution)

    def bootstrap(self, clone: Path) -> None:
        """Bootstrap every account with the policies of a clone, as its users do before they push it."""
        for name in ENVIRONMENTS:
            exports = self._exports(name)
            where = f"{exports['AWS_ACCESS_KEY_ID']}/{exports['AWS_REGION']}"  # an account's root has its number
            run(["delivery", "bootstrap", "--yes", "--only", where], environment(ROOT, **exports), clone)

    def _exports(self, name: str) -> dict[str, str]:
        exports: dict[str, str] = json.loads(
            run(["python", "-m", "rehearsal", "env", name, "--json"], self.env, self.root)
        )
        return exports

    def client(self, service: str, name: str) -> Any:
        """Return a boto3 client for one of the environments."""
        return exported_client(self._exports(name), service)

    def resources(self) -> Resources:
        """Return the physical id of each resource of each stack in all environments."""
        return {key: value for name in ENVIRONMENTS for key, value in self._resources(name)}

    def _resources(self, name: str) -> Iterator[tuple[tuple[str, str, str], tuple[str, str]]]:
        api = self.client("cloudformation", name)
        for stack in api.describe_stacks()["Stacks"]:
            for resource in api.describe_stack_resources(StackName=stack["StackName"])["StackResources"]:
                key = (name, stack["StackName"], resource["LogicalResourceId"])
                yield key, (resource["ResourceType"], resource["PhysicalResourceId"])


def exported_client(exports: Mapping[str, str], service: str) -> Any:
    """Return a boto3 client with the variables of `rehearse env`."""
    return boto3.client(
        service,
        endpoint_url=exports["AWS_ENDPOINT_URL"],
        region_name=exports["AWS_REGION"],
        aws_access_key_id=exports["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=exports["AWS_SECRET_ACCESS_KEY"],
        verify=exports.get("AWS_CA_BUNDLE"),
    )


def lost(old: Resources, new: Resources) -> list[str]:
    """Return a line for each resource that was removed, or replaced by one with another physical id.

    Versions of functions and of layers are exempt: they are immutable, so a push that changes a function or a layer
    publishes a new version and removes the old one. tests/upgrade/layers.json says which layers may change.
    """
    kept = {key: value for key, value in old.items() if value[0] not in EXEMPT}
    return [
        f"{'/'.join(key)} ({type_}): {physical} -> {new.get(key, ('', 'none'))[1]}"
        for key, (type_, physical) in kept.items()
        if new.get(key) != (type_, physical)
    ]


def commit(root: Path, message: str) -> None:
    """Commit everything below `root`."""
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", message)


def git(root: Path, *arguments: str, env: Mapping[str, str] | None = None) -> str:
    """Run git and return what it printed, on either output."""
    command = ["git", *_IDENTITY, *arguments]
    return subprocess.run(
        command, cwd=root, env=env, check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ).stdout
