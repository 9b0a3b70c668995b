"""`callwarden run`: the daemon, until it is told to stop. ``callwarden.__main__`` has put it ahead of others."""

import click


@click.command()
def run() -> None:
    """Run the daemon, in the foreground: systemd starts it like this.

    It stops on SIGTERM and leaves live calls recording; on SIGHUP it reads the configuration again.
    """
    from callwarden.cli.serve import serve

    serve()
