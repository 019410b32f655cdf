"""`completion SHELL`: the completion script for the arguments of `rehearse`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from rehearsal import program_name

# Shells complete the arguments of one command name: this defines `rehearse` for `python -m rehearsal`.
_SHELL_FUNCTIONS = {
    "bash": 'command -v rehearse >/dev/null || rehearse() {{ {call} "$@"; }}',
    "zsh": '(( $+commands[rehearse] )) || rehearse() {{ {call} "$@"; }}',
    "fish": "command -q rehearse; or function rehearse; {call} $argv; end",
}


@click.command()
@click.argument("shell", type=click.Choice(sorted(_SHELL_FUNCTIONS)))
def completion(shell: str) -> None:
    """Print the completion script of SHELL, and the short name `rehearse` that it completes.

    bash and zsh: eval "$(rehearse completion bash)"; fish: rehearse completion fish | source
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise TypeError(f"click knows no shell {shell}")
    root, call = click.get_current_context().find_root(), program_name.shell_command()
    click.echo(_SHELL_FUNCTIONS[shell].format(call=call))
    click.echo(
        _call_program(kind(root.command, {}, "rehearse", program_name.COMPLETION_VARIABLE).source(), shell, call)
    )


def _call_program(script: str, shell: str, call: str) -> str:
    """Let the script call the program by its path: it uses `env`, which cannot call a shell function."""
    asks = {
        "bash": ("bash_complete $1)", f"bash_complete {call})"),
        "zsh": ("zsh_complete rehearse)", f"zsh_complete {call})"),
        "fish": ("(commandline -t) rehearse)", f"(commandline -t) {call})"),
    }
    old, new = asks[shell]
    if old not in script:
        raise TypeError(f"click's script for {shell} is not what it was: it has no {old!r}")
    return script.replace(old, new).replace("(( ! $+commands[rehearse] )) && return 1", "")
