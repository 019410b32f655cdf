"""Lambda's limits: 250 MB unzipped for a function with its layers, and five layers."""

from __future__ import annotations

import pytest

from lambda_layers.analysis import report
from lambda_layers.errors import LayersError
from lambda_layers.manifest import FunctionCode, Manifest
from lambda_layers.manifest_records import FunctionRecord, LayerRecord, TargetRecord
from lambda_layers.target import limits
from lambda_layers.target.limits import UNZIPPED


def layer(size: int, *functions: str) -> LayerRecord:
    """Return a layer of this size."""
    return {
        "name": "some",
        "zip": "",
        "sha256": "",
        "bytes": size,
        "unzipped_bytes": size,
        "functions": list(functions),
        "packages": [{"name": "big", "version": "1", "bytes": size - 1}, {"name": "small", "version": "1", "bytes": 1}],
        "sbom": "",
    }


def check(layers: list[LayerRecord], **code: int) -> list[str]:
    """Return the warnings for these layers, and for functions whose code has these sizes."""
    functions: list[FunctionRecord] = [
        {"name": name, "zip": "", "sha256": "", "bytes": size, "unzipped_bytes": size} for name, size in code.items()
    ]
    target: TargetRecord = {"python": "3.13", "architecture": "x86_64"}
    return limits.check({"target": target, "layers": layers, "functions": functions})


def test_a_function_within_the_limit_has_no_warning() -> None:
    """A function up to four fifths of the limit has no warning."""
    assert UNZIPPED == 250 * 1024 * 1024
    assert check([layer(UNZIPPED * 8 // 10, "one")]) == []


def test_a_function_near_the_limit_is_warned_of() -> None:
    """The warning names the function, its size and the largest packages."""
    (warning,) = check([layer(UNZIPPED // 2, "one", "two"), layer(UNZIPPED * 4 // 10, "one")])
    assert warning.startswith("one: its code and layers are 235,929,600 bytes unzipped, 90% of the 262,144,000")
    assert "big 131,071,999" in warning


@pytest.mark.gate
def test_a_function_beyond_the_limit_is_refused() -> None:
    """One byte above the limit is rejected; the function's code counts."""
    assert check([layer(UNZIPPED, "one")])
    with pytest.raises(LayersError, match=r"one: .* 262,144,001 bytes unzipped.*the largest packages: big"):
        check([layer(UNZIPPED, "one")], one=1)


@pytest.mark.gate
def test_a_function_without_layers_is_looked_at_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function without layers is in the table, and is rejected if its code exceeds the limit."""
    code = FunctionCode("lone", "function-lone.zip", "0a" * 32, 50, 100)
    table = report.functions_table(Manifest("3.13", "x86_64", (), functions=(code,)))
    title, columns, rule, row = table.text().splitlines()
    assert (title, columns.split()[:3], set(rule)) == ("Functions", ["Function", "Layers", "Code"], {"-", " "})
    assert row.split() == ["lone", "0a0a0a0a0a0a", "100", "0.0%"]
    monkeypatch.setattr("lambda_layers.target.limits.UNZIPPED", 99)
    with pytest.raises(LayersError, match="lone: its code and layers are 100 bytes"):
        check([], lone=100)


@pytest.mark.gate
def test_six_layers_are_refused() -> None:
    """A function with six layers is rejected, since Lambda allows five."""
    assert check([layer(2, "one")] * 5) == []
    with pytest.raises(LayersError, match="one has 6 layers; Lambda takes 5"):
        check([layer(2, "one")] * 6)


def test_a_table_is_as_wide_as_its_cells() -> None:
    """A table's columns fit their cells, with numbers right-aligned and nothing truncated without a terminal."""
    table = report.Table("Sizes", "Name", "Bytes", right=("Bytes",))
    table.add_row("a name of some length", "5")
    table.add_row()
    table.add_row("b", "1,000,000")
    assert table.text().splitlines() == [
        "Sizes",
        "Name                       Bytes",
        "---------------------  ---------",
        "a name of some length          5",
        "",
        "b                      1,000,000",
    ]
