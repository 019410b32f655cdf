"""Data files of cfn-lint: resource schemas and the service authorization reference. Importing it would take seconds."""

from importlib.metadata import distribution
from pathlib import Path

DATA = Path(str(distribution("cfn-lint").locate_file("cfnlint"))) / "data"
