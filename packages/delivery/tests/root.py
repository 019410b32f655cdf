"""Where this package, its repository, and the project of the tests are."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
REPOSITORY = PACKAGE.parents[1]
APP = PACKAGE / "tests" / "app"
