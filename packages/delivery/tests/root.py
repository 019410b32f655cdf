"""The folders of this package, of its repository, and of the test project."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
REPOSITORY = PACKAGE.parents[1]
APP = PACKAGE / "tests" / "app"
