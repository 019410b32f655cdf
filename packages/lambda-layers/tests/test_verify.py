"""The installed packages are the locked ones, and the target can load them."""

from __future__ import annotations

import importlib.util
import struct
import zipfile
from pathlib import Path

import pytest

from lambda_layers.builder.built_package import BuiltPackage
from lambda_layers.builder.installed import installed_packages
from lambda_layers.builder.verify import check_dependencies, verify
from lambda_layers.errors import LayersError
from lambda_layers.locks.pin import Pin
from lambda_layers.target import elf
from lambda_layers.target.platform import Target
from tests.wheels import House

TARGET = Target("3.13", "x86_64")
ARM = 183
INTEL = 62


def unpacked(house: House, *names: str) -> Path:
    """Install these wheels by unzipping them."""
    folder = house.folder.parent / "python"
    for name in names:
        with zipfile.ZipFile(house.wheels[name].path) as zipped:
            zipped.extractall(folder)
    return folder


def library(machine: int) -> bytes:
    """Return an ELF library without sections for a machine."""
    return (
        b"\x7fELF\x02\x01\x01"
        + bytes(9)
        + struct.pack("<HHIQQQIHHHHHH", 3, machine, 1, 0, 0, 0, 0, 64, 56, 0, 64, 0, 0)
    )


def refused(folder: Path, pins: list[Pin], target: Target = TARGET) -> str:
    """Return the findings in an installed folder."""
    with pytest.raises(LayersError) as caught:
        verify(folder, installed_packages(folder), pins, target)
    return str(caught.value)


def test_a_fitting_package_is_accepted(house: House) -> None:
    """A locked package at its version, as a wheel for the target, is accepted."""
    house.wheel("base", tag="cp313-cp313-manylinux_2_28_x86_64", files={"base.so": library(INTEL)})
    folder = unpacked(house, "base")
    verify(folder, installed_packages(folder), [Pin("base", "1.0")], TARGET)


@pytest.mark.gate
def test_a_partial_install_is_refused(house: House) -> None:
    """A missing package, another version and an unlocked package are each named."""
    house.wheel("base")
    house.wheel("other")
    findings = refused(unpacked(house, "base", "other"), [Pin("base", "2.0"), Pin("missing", "1.0")])
    assert "base is locked at 2.0, and 1.0 was installed" in findings
    assert "missing 1.0 is locked, and was not installed" in findings
    assert "other 1.0 was installed, and is not locked" in findings


@pytest.mark.gate
@pytest.mark.parametrize(
    "tag",
    ["cp313-cp313-manylinux_2_28_aarch64", "cp312-cp312-manylinux_2_28_x86_64", "cp313-cp313-manylinux_2_39_x86_64"],
)
def test_a_wheel_for_another_target_is_refused(house: House, tag: str) -> None:
    """A wheel for another architecture, Python or newer glibc is rejected by its tags."""
    house.wheel("base", tag=tag)
    assert f"base is a wheel for {tag}; the target is Python 3.13" in refused(
        unpacked(house, "base"), [Pin("base", "1.0")]
    )


@pytest.mark.gate
def test_a_wheel_that_lies_is_refused(house: House) -> None:
    """A pure wheel with a library for another machine is rejected."""
    house.wheel("base", files={"base/native.so": library(ARM), "base/data.so": b"no library\0"})
    findings = refused(unpacked(house, "base"), [Pin("base", "1.0")])
    assert "base/native.so is for aarch64; the target is x86_64" in findings
    assert "base/data.so: is not an ELF library" in findings


def test_libraries_for_other_targets_are_reported(house: House) -> None:
    """A wheel's libraries for other platforms are warnings, if it has one for the target."""
    mach = b"\xcf\xfa\xed\xfe" + bytes(60)
    files = {"base/here.so": library(INTEL), "base/arm.so": library(ARM), "base/mac.so": mach}
    house.wheel("base", files={**files, "base/script.so": b"GROUP ( /lib64/libc.so.6 )", "base/link.so.1": b"here.so"})
    folder = unpacked(house, "base")
    warnings = verify(folder, installed_packages(folder), [Pin("base", "1.0")], TARGET)
    assert sorted(warnings["base"]) == [
        "base: base/arm.so is for aarch64; the target is x86_64",
        "base: base/link.so.1 is a text, not a library: nothing can load it",
        "base: base/mac.so is for macOS; the target is Linux",
        "base: base/script.so is a text, not a library: nothing can load it",
    ]


@pytest.mark.gate
def test_an_extension_module_for_another_machine_is_refused(house: House) -> None:
    """An extension module whose name fits the target and whose machine does not is rejected."""
    name = "base/x.cpython-313-x86_64-linux-gnu.so"
    house.wheel("base", files={"base/here.so": library(INTEL), name: library(ARM)})
    assert f"{name} is for aarch64" in refused(unpacked(house, "base"), [Pin("base", "1.0")])


@pytest.mark.gate
@pytest.mark.parametrize("size", [5, 20, 63])
def test_a_library_that_was_cut_is_refused(house: House, size: int) -> None:
    """A truncated ELF file is a finding and not a bug of the builder."""
    house.wheel("base", files={"base/cut.so": library(INTEL)[:size]})
    assert "base/cut.so: is not an ELF library" in refused(unpacked(house, "base"), [Pin("base", "1.0")])


@pytest.mark.gate
def test_a_library_that_needs_a_newer_glibc_is_refused(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that needs a newer glibc than the target's is rejected."""
    found = importlib.util.find_spec("pydantic_core._pydantic_core")
    assert found is not None
    real = Path(found.origin or "")
    machine, newest, _ = elf.read_requirements(real)
    assert newest >= (2, 2)
    house.wheel("base", files={"base/native.so": real.read_bytes()})
    monkeypatch.setattr(elf, "GLIBC", (2, 1))
    target = Target("3.13", "arm64" if machine == "aarch64" else "x86_64")
    findings = refused(unpacked(house, "base"), [Pin("base", "1.0")], target)
    assert f"base/native.so needs glibc {newest[0]}.{newest[1]}; Lambda's Amazon Linux 2023 has 2.1" in findings


def test_requirements_are_evaluated_for_the_target(house: House) -> None:
    """Requirements for an extra or another platform may be absent."""
    house.wheel("base", requires=["deep", "rare; extra == 'more'", "windows; sys_platform == 'win32'"])
    (found,) = installed_packages(unpacked(house, "base"))
    assert list(found.needs(TARGET)) == ["deep"]


@pytest.mark.gate
def test_an_incomplete_closure_is_refused() -> None:
    """A package whose requirement is in none of its layers is rejected."""
    piece = BuiltPackage("base", "1.0", "", (), ("deep",), "", None, (), "")
    check_dependencies("one", [piece], {"deep"})
    with pytest.raises(LayersError, match=r"layer one: base needs deep, as the wheel.*`poetry add --lock deep`"):
        check_dependencies("one", [piece], set())
