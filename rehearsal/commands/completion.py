"""`completion SHELL`: the script with which a shell completes what is typed after `rehearse`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

VARIABLE = "_REHEARSE_COMPLETE"
_CALL = "python -m rehearsal"
# A shell completes the arguments of a name, and `python -m rehearsal` is none.
_NAMES = {
    "bash": f'command -v rehearse >/dev/null || rehearse() {{ {_CALL} "$@"; }}',
    "zsh": f'(( $+commands[rehearse] )) || rehearse() {{ {_CALL} "$@"; }}',
    "fish": f"command -q rehearse; or function rehearse; {_CALL} $argv; end",
}


@click.command()
@click.argument("shell", type=click.Choice(sorted(_NAMES)))
def completion(shell: str) -> None:
    """Print the completion script of SHELL, and the short name `rehearse` that it completes.

    bash and zsh: eval "$(python -m rehearsal completion bash)"; fish: python -m rehearsal completion fish | source
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise TypeError(f"click knows no shell {shell}")
    root = click.get_current_context().find_root()
    script = kind(root.command, {}, "rehearse", VARIABLE).source()
    click.echo(_NAMES[shell])
    click.echo(_by_module(script, shell))


def _by_module(script: str, shell: str) -> str:
    """The script asks the program itself what fits; where that is a function of the shell, `env` can't call it."""
    asks = {
        "bash": ("bash_complete $1)", f"bash_complete {_CALL})"),
        "zsh": ("zsh_complete rehearse)", f"zsh_complete {_CALL})"),
        "fish": ("(commandline -t) rehearse)", f"(commandline -t) {_CALL})"),
    }
    old, new = asks[shell]
    if old not in script:
        raise TypeError(f"click's script for {shell} is not what it was: it has no {old!r}")
    return script.replace(old, new).replace("(( ! $+commands[rehearse] )) && return 1", "")
