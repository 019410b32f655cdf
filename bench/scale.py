"""`python -m bench.scale`: the same pipeline for 2, 10, 50 and 100 environments: synth time, sizes, builds, quotas.

Writes the key `scale` of build/bench.json; with --docs also the table in docs/scale.md.
"""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from bench.builders.builder import ROOT

RESULT = ROOT / "build" / "bench.json"
SIZES = (2, 10, 50, 100)
REGIONS = ("eu-west-1", "eu-central-1", "us-east-1")
WAVE = 12
# What `delivery quotas` calls them.
POLICIES = {
    "iam_policy": "/characters of (?!.*buildspec)",
    "bucket_policy": r"/bytes of \w+$",
    "key_policy": "/bytes of .*'s policy$",
}
BEGIN, END = "<!-- what `python -m bench.scale --docs` wrote -->", "<!-- end of the table -->"


def settings(size: int) -> dict[str, Any]:
    """Return cdk.json's context with `size` environments in waves of 12, in three regions, each in its account."""
    context: dict[str, Any] = deepcopy(json.loads((ROOT / "cdk.json").read_text())["context"])
    context["delivery"]["environments"] = [
        {
            "name": f"env{number}",
            "account": f"{2 * 10**11 + number}",
            "region": REGIONS[number % len(REGIONS)],
            "wave": f"wave{number // WAVE}",
            "approval": number >= WAVE,
            "allow_broadening": number < WAVE,
        }
        for number in range(size)
    ]
    return context


def measure(size: int, folder: Path) -> dict[str, Any]:
    """Synthesize the app as the CDK CLI does; return its seconds and the figures of its assembly."""
    context = settings(size)
    out = folder / str(size)
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_", "CODEBUILD_"))}
    file = folder / f"{size}.json"
    file.write_text(json.dumps(context))
    environ |= {"CDK_OUTDIR": str(out), "CDK_CONTEXT_JSON": json.dumps(context)}
    began, before = time.monotonic(), _processor()
    done = subprocess.run(
        [sys.executable, "pipeline_app.py"], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    seconds, processor = time.monotonic() - began, _processor() - before
    if not (out / "Pipeline.template.json").exists():
        raise SystemExit(f"{size} environments: {done.stderr[-2000:]}")
    return {
        "exit": done.returncode,
        "seconds": round(seconds, 1),
        "processor_seconds": round(processor, 1),
    } | inspect_assembly(out)


def inspect_assembly(assembly: Path) -> dict[str, Any]:
    """Return the sizes and counts of one assembly."""
    template = assembly / "Pipeline.template.json"
    resources: Mapping[str, Any] = json.loads(template.read_text())["Resources"]
    types = [resource["Type"] for resource in resources.values()]
    (pipeline,) = (
        resource["Properties"] for resource in resources.values() if resource["Type"] == "AWS::CodePipeline::Pipeline"
    )
    actions = [action for stage in pipeline["Stages"] for action in stage["Actions"]]
    command = [sys.executable, "-m", "cdk_delivery", "quotas", "--json", str(assembly)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    quotas = json.loads(done.stdout)
    return {
        "template_bytes": len(template.read_bytes()),
        "resources": len(resources),
        "stages": len(pipeline["Stages"]),
        "actions": len(actions),
        "builds_of_a_push": sum(action["ActionTypeId"]["Provider"] == "CodeBuild" for action in actions),
        "roles": types.count("AWS::IAM::Role"),
        **{key: max(use["used"] for use in quotas if re.search(what, use["what"])) for key, what in POLICIES.items()},
        "nearest_quota": _quota_line(quotas[0]),
        "passed": [_quota_line(use) for use in quotas if use["used"] > use["allowed"]],
    }


def _quota_line(use: Mapping[str, Any]) -> str:
    return f"{use['what']}: {use['used']:,} of {use['allowed']:,}"


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def table(figures_of_sizes: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the figures as a Markdown table."""
    columns = {
        "processor_seconds": "synth, processor seconds",
        "template_bytes": "template, bytes",
        "resources": "resources",
        "stages": "stages",
        "actions": "actions",
        "builds_of_a_push": "builds of a push",
        "roles": "roles",
        "iam_policy": "largest IAM policy, characters",
        "bucket_policy": "bucket policy, bytes",
        "key_policy": "key policy, bytes",
        "nearest_quota": "nearest quota",
    }
    lines = [f"| environments | {' | '.join(columns.values())} |", f"|{'---|' * (len(columns) + 1)}"]
    for size, figures in figures_of_sizes.items():
        cells = [f"{figures[key]:,}" if isinstance(figures[key], int) else str(figures[key]) for key in columns]
        lines.append(f"| {size} | {' | '.join(cells)} |")
    return "\n".join(lines)


@click.command()
@click.option("--docs", is_flag=True, help="Also write the table in docs/scale.md.")
@click.argument("sizes", nargs=-1, type=int)
def main(sizes: tuple[int, ...], *, docs: bool) -> None:
    """Synthesize the pipeline for each number of environments."""
    figures_of_sizes: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes or SIZES:
            figures_of_sizes[str(size)] = measure(size, Path(folder))
            click.echo(f"{size}: {json.dumps(figures_of_sizes[str(size)])}", err=True)
    results = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps({**results, "scale": figures_of_sizes}, indent=2) + "\n")
    click.echo(table(figures_of_sizes))
    if docs:
        page = ROOT / "docs" / "scale.md"
        before, _, rest = page.read_text().partition(BEGIN)
        measured = f"Measured on {datetime.now(UTC).date()}, on {os.cpu_count()} processors."
        page.write_text(f"{before}{BEGIN}\n\n{measured}\n\n{table(figures_of_sizes)}\n\n{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    main(prog_name="python -m bench.scale")
