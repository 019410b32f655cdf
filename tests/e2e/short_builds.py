"""Builds without the gates that another test has run."""

from __future__ import annotations

CHECK = "types unit shipped lint lock"
GATES_OF_SYNTH = ("compliance cdk.out", "gates.approvals cdk.out", "gates.templates")


def replace_gates(makefile: str, check: str = CHECK) -> str:
    """Return the Makefile with other parts of `make check`, and a `make synth` that synthesizes only."""
    gates = "".join(f"\tpython -m cdk_delivery.{gate}\n" for gate in GATES_OF_SYNTH)
    for old, new in (
        (f"\ncheck: {CHECK}\n", f"\ncheck: {check}\n"),
        (f"\tcdk synth --quiet\n{gates}", "\tCDK_VALIDATION=false cdk synth --quiet\n"),
    ):
        assert makefile.count(old) == 1, f"the Makefile has {makefile.count(old)} times {old!r}"
        makefile = makefile.replace(old, new)
    return makefile
