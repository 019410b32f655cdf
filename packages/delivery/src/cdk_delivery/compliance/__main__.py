"""Check a synthesized assembly: every pack was asked, every acknowledgement still silences a finding, and what the
templates connect can work."""

import sys
from pathlib import Path

from cdk_delivery.compliance.assembly import PACKS, Assembly
from cdk_delivery.compliance.connections import faults as connection_faults


def main(arguments: list[str]) -> int:
    """0: nothing to say; 1: red; 2: wrong use."""
    if len(arguments) != 1 or not (Path(arguments[0]) / "validation-report.json").is_file():
        got = " ".join(arguments) or "nothing"
        print(f"compliance: got {got}; needed is one folder that `cdk synth` wrote, such as cdk.out", file=sys.stderr)
        return 2
    assembly = Assembly(Path(arguments[0]))
    missing = sorted(set(PACKS) - assembly.packs())
    faults = [f"the pack {pack} does not stand in the report; attach it to the app" for pack in missing]
    faults += [f"{found}: a finding that nobody accepted" for found in assembly.violations()]
    faults += [f"{a.path}: {a.rule} is accepted, but raised no more; remove the accept()" for a in assembly.stale()]
    faults += [fault for template in assembly.templates() for fault in connection_faults(template)]
    for fault in faults:
        print(f"compliance: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
