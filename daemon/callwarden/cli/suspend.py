"""`callwarden suspend` and `callwarden resume`: silence for a call that is up, and its end."""

import click

from callwarden.cli import frame, text
from callwarden.cli.frame import Exit


@click.command()
@click.argument("call", shell_complete=frame.live_calls)
@frame.json_option
def suspend(call: str, as_json: bool) -> None:
    """Stop recording a call that is up, at once, until `resume`.

    CALL is its id, as `callwarden status` shows it. Who suspended it and when goes into the catalogue. It returns
    when every recorder is confirmed stopped.
    """
    _order("suspend", call, as_json)


@click.command()
@click.argument("call", shell_complete=frame.live_calls)
@frame.json_option
def resume(call: str, as_json: bool) -> None:
    """Record a suspended call again.

    CALL is its id, as `callwarden status` shows it. A call that is with the card line stays silent.
    """
    _order("resume", call, as_json)


def _order(verb: str, call: str, as_json: bool) -> None:
    answer = frame.order(frame.settings(), verb, call=call)
    if as_json:
        text.print_json(answer)
    else:
        click.echo(text.shown(str(answer["message"]), 1000))
    if not answer["done"]:
        raise click.exceptions.Exit(int(Exit.FAILED))
