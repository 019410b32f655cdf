"""The option --image: builds run in their image."""

from __future__ import annotations

import click

from rehearsal.codebuild.build_image import OF_PROJECT, find_image, require_engine
from rehearsal.codebuild.buildspec import UnsupportedFeature
from rehearsal.errors import WrongUse
from rehearsal.project.configuration import Config
from rehearsal.workspace.build_image import BuildImageFile
from rehearsal.workspace.layout import Workspace

IMAGE = click.option(
    "--image",
    metavar="[NAME]",
    is_flag=False,
    flag_value=OF_PROJECT,
    help="Run builds in their project's image, or in the image NAME, by Docker or podman (default: with local tools).",
)


def set_build_image(space: Workspace, config: Config, image: str | None) -> None:
    """Pass the image of the option, else of rehearsal.toml, to the embedded AWS. Raises WrongUse if it is missing."""
    setting = image or config.codebuild.image
    try:
        engine = require_engine(setting) if setting else None
        if engine and setting != OF_PROJECT:
            find_image(engine, setting, lambda text: click.echo(text, err=True))
    except UnsupportedFeature as error:
        raise WrongUse(str(error)) from error
    BuildImageFile(space).write(setting)
