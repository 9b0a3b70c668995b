"""`callwarden run`: the daemon, until it is told to stop. Imports nothing that is slow before it is ahead of others."""

import click

from callwarden.priority import hurry


@click.command()
def run() -> None:
    """Run the daemon, in the foreground: systemd starts it like this.

    It stops on SIGTERM and leaves live calls recording; on SIGHUP it reads the configuration again.
    """
    hurry()
    from callwarden.cli.serve import serve

    serve()
