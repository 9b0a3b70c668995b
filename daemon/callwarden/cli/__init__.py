"""The command line: one file a noun. Reads the catalogue itself, asks the daemon for every change.

given       where the configuration is
frame       what every command shares: configuration, catalogue, daemon, how a command ends
text, when  what the terminal gets; moments as people write them
"""

from importlib import import_module

import click

from callwarden.cli.given import CONFIG_VARIABLE, config_option

__all__ = ["main"]

# Each in the module of its name.
COMMANDS = (
    "alarms", "archive", "audit", "calls", "check", "completion", "coverage", "holds", "init", "listen", "purge",
    "reconcile", "recordings", "release", "request", "resume", "retention", "run", "seal", "sounds", "status",
    "suspend", "why",
)  # fmt: skip
ELSEWHERE = {"resume": "suspend"}


class Commands(click.Group):
    """Imports a command when it is asked for: neither the daemon nor any other waits for what all of them need."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        # A name that is none: click looks among all of them for what was meant.
        for name in (cmd_name,) if cmd_name in COMMANDS else COMMANDS:
            if name not in self.commands:
                module = import_module(f"callwarden.cli.{ELSEWHERE.get(name, name)}")
                self.add_command(config_option(getattr(module, name)))
        return self.commands.get(cmd_name)


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from callwarden import __version__

        click.echo(f"callwarden, version {__version__}")
        context.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Show the version.")
def main() -> None:
    """Makes a call-recording policy true beside an Asterisk, and proves it.

    Begin with `callwarden init`, then `callwarden check`. Exit status: 0 done; 1 nothing found, or it failed;
    2 the configuration or the machine is not as it must be; 3 not allowed.
    """


main = config_option(main, variable=CONFIG_VARIABLE)
