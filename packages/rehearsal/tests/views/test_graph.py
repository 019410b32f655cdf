"""Graphs of a pipeline definition as text, Mermaid and SVG."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from rehearsal.engine.model.declaration import parse
from rehearsal.engine.model.definition import Pipeline
from rehearsal.views import graph
from rehearsal.views.svg import svg


def action(name: str, provider: str, run_order: int = 1) -> dict[str, Any]:
    category, _, kind = provider.partition("/")
    return {"name": name, "runOrder": run_order, "actionTypeId": {"category": category, "provider": kind}}


@pytest.fixture
def pipeline() -> Pipeline:
    """A pipeline with a stage of two run orders, and a name that needs escaping."""
    return parse(
        {
            "name": 'orders "<live>"',
            "roleArn": "role",
            "artifactStore": {"location": "bucket"},
            "stages": [
                {"name": "Source", "actions": [action("Repo", "Source/S3")]},
                {
                    "name": "Dev",
                    "actions": [
                        action("Test", "Build/CodeBuild", 2),
                        action("Prepare", "Deploy/CloudFormation"),
                        action("Load", "Build/CodeBuild", 2),
                    ],
                },
                {"name": "Gate", "actions": [action("Ask", "Approval/Manual")]},
            ],
        }
    )


def test_text_has_a_line_per_run_order(pipeline: Pipeline) -> None:
    """Text has one line for each run order, whatever the order of the definition."""
    lines = graph.text(pipeline).splitlines()
    dev = lines.index("  ▼ Dev")
    assert lines[dev + 1 : dev + 3] == [
        "  ├─ Prepare (Deploy/CloudFormation)",
        "  └─ Test (Build/CodeBuild) ║ Load (Build/CodeBuild)",
    ]
    assert lines[0] == 'orders "<live>"  (V1, SUPERSEDED)'


def test_mermaid_joins_each_order_to_the_next(pipeline: Pipeline) -> None:
    """Mermaid has edges from each run order to the next, across stages, and approvals are hexagons."""
    diagram = graph.mermaid(pipeline)
    label = {match[2]: match[1] for match in re.finditer(r'(s\w+)[\[{]+"(\w+)<br', diagram)}
    edges = set(re.findall(r"(\w+) --> (\w+)", diagram))
    assert edges == {
        (label["Repo"], label["Prepare"]),
        (label["Prepare"], label["Test"]),
        (label["Prepare"], label["Load"]),
        (label["Test"], label["Ask"]),
        (label["Load"], label["Ask"]),
    }
    assert '{{"Ask<br/>Approval/Manual"}}' in diagram
    assert diagram.count("subgraph") == diagram.count("  end") == 3


def test_svg_is_a_picture_by_itself(pipeline: Pipeline) -> None:
    """SVG is well-formed, shows every name, and loads and runs nothing."""
    picture = ET.fromstring(svg(pipeline))  # noqa: S314 - it was made here
    texts = {element.text for element in picture.iter("{http://www.w3.org/2000/svg}text")}
    assert {'orders "<live>"', "Source", "Dev", "Gate", "Repo", "Prepare", "Test", "Load", "Ask"} <= texts
    assert "script" not in svg(pipeline)
    assert svg(pipeline).count("http") == 1


def test_svg_puts_one_order_in_one_column(pipeline: Pipeline) -> None:
    """Actions of one run order share a column, later orders are to the right, and all boxes are inside the picture."""
    picture = ET.fromstring(svg(pipeline))  # noqa: S314 - it was made here
    left = {element.text: int(element.get("x", "")) for element in picture.iter("{http://www.w3.org/2000/svg}text")}
    assert left["Test"] == left["Load"] > left["Prepare"] == left["Repo"]
    width, height = int(picture.get("width", "")), int(picture.get("height", ""))
    for box in picture.iter("{http://www.w3.org/2000/svg}rect"):
        assert int(box.get("x", "0")) + int(box.get("width", "")) <= width
        assert int(box.get("y", "0")) + int(box.get("height", "")) <= height


def test_svg_has_room_for_the_longest_name() -> None:
    """The boxes are wide enough for names of 100 characters, and no name is cut."""
    name = "L" * 100
    stages = [{"name": "Source", "actions": [action(name, "Source/S3"), action("Short", "Source/S3")]}]
    long = parse({"name": "long", "roleArn": "r", "artifactStore": {"location": "b"}, "stages": stages})
    assert f">{name}</text>" in svg(long)
    boxes = re.findall(r'class="action" x="\d+" y="\d+" width="(\d+)"', svg(long))
    assert [int(width) > 7 * 100 for width in boxes] == [True, True]
