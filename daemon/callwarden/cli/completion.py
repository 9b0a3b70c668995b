"""`callwarden completion`: what a shell needs to complete commands, options and the calls that are up."""

import click
from click.shell_completion import get_completion_class

from callwarden.cli import frame
from callwarden.cli.frame import Exit

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print tab completion for a shell.

    \b
    bash   callwarden completion bash > /etc/bash_completion.d/callwarden
    zsh    callwarden completion zsh > "${fpath[1]}/_callwarden"
    fish   callwarden completion fish > ~/.config/fish/completions/callwarden.fish
    """
    found = get_completion_class(shell)
    if found is None:
        frame.stop(f"There is no completion for {shell}.", Exit.FAILED)
    command = context.find_root().command
    click.echo(found(command, {}, "callwarden", "_CALLWARDEN_COMPLETE").source())
