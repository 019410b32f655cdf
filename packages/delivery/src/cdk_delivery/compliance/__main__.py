"""`python -m cdk_delivery.compliance cdk.out`: check the findings of the rule packs, and the templates' connections.

A rule pack that did not run, a finding that is not accepted, and an acknowledgement without a finding are faults.
"""

import sys
from pathlib import Path

from cdk_delivery.compliance.assembly import PACKS, Assembly
from cdk_delivery.compliance.connections import faults as connection_faults


def main(arguments: list[str]) -> int:
    """Print the faults of an assembly. Return 0 without faults, 1 with faults, 2 for wrong arguments."""
    if len(arguments) != 1 or not (Path(arguments[0]) / "validation-report.json").is_file():
        got = " ".join(arguments) or "nothing"
        print(f"compliance: got {got}; one folder that `cdk synth` wrote is needed, such as cdk.out", file=sys.stderr)
        return 2
    assembly = Assembly(Path(arguments[0]))
    missing = sorted(set(PACKS) - assembly.packs())
    faults = [f"the pack {pack} is not in the report; attach it to the app" for pack in missing]
    faults += [f"{finding}: a finding that is not accepted" for finding in assembly.violations()]
    faults += [
        f"{stale.path}: {stale.rule} is accepted, but raised no more; remove the accept()" for stale in assembly.stale()
    ]
    faults += [fault for template in assembly.templates() for fault in connection_faults(template)]
    for fault in faults:
        print(f"compliance: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
