"""The command line: one file a noun. Reads the catalogue itself, asks the daemon for every change.

frame       what every command shares: configuration, catalogue, daemon, how a command ends
text, when  what the terminal gets; moments as people write them
"""

import click

from callwarden import __version__
from callwarden.cli import frame
from callwarden.cli.alarms import alarms
from callwarden.cli.archive import archive
from callwarden.cli.audit import audit
from callwarden.cli.calls import calls
from callwarden.cli.check import check
from callwarden.cli.completion import completion
from callwarden.cli.coverage import coverage
from callwarden.cli.holds import holds
from callwarden.cli.init import init
from callwarden.cli.listen import listen
from callwarden.cli.purge import purge
from callwarden.cli.reconcile import reconcile
from callwarden.cli.recordings import recordings
from callwarden.cli.release import release
from callwarden.cli.request import request
from callwarden.cli.retention import retention
from callwarden.cli.run import run
from callwarden.cli.seal import seal
from callwarden.cli.sounds import sounds
from callwarden.cli.status import status
from callwarden.cli.suspend import resume, suspend
from callwarden.cli.why import why

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="callwarden")
def main() -> None:
    """Makes a call-recording policy true beside an Asterisk, and proves it.

    Begin with `callwarden init`, then `callwarden check`. Exit status: 0 done; 1 nothing found, or it failed;
    2 the configuration or the machine is not as it must be; 3 not allowed.
    """


main = frame.config_option(main, variable=frame.CONFIG_VARIABLE)
for command in (
    run,
    check,
    status,
    alarms,
    calls,
    recordings,
    coverage,
    why,
    reconcile,
    request,
    listen,
    audit,
    suspend,
    resume,
    purge,
    holds,
    retention,
    release,
    seal,
    archive,
    sounds,
    init,
    completion,
):
    main.add_command(frame.config_option(command))
