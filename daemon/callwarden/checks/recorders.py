"""Judges whether somebody else records too, or stops what we record: FreePBX, one-touch recording. Pure."""

from collections.abc import Iterator

from callwarden.checks.dialplan import CONTEXTS
from callwarden.checks.finding import Finding, ok, problem, warning
from callwarden.checks.pbx import Line, Monitored, Sections, Seen
from callwarden.config import Settings

ABOUT = "other recorders"
RECORDERS = ("MixMonitor", "Monitor")
ONE_TOUCH = ("automixmon", "automon")
_WHY = "what it records is outside the vault, the catalogue and the purge"


def other_recorders(seen: Seen, settings: Settings) -> list[Finding]:
    """Everything that records beside us."""
    spool = (settings.spool.asterisk_path or str(settings.spool.path)).rstrip("/") + "/"
    found = [
        *_running(seen.monitored or (), spool),
        *_in_dialplan(seen.dialplan or ()),
        *_one_touch(seen.features or {}),
    ]
    return found or [ok(ABOUT, "none was seen")]


def modules(seen: Seen, settings: Settings) -> Iterator[Finding]:
    """The modules of Asterisk's that we cannot do without; beeps need one more."""
    for name, there in (seen.modules or {}).items():
        if not there and (name != "func_periodic_hook.so" or settings.recording.beep_every):
            yield problem("Asterisk", f"its module {name} is not loaded", f"module load {name}, and see modules.conf")


def _running(monitored: tuple[Monitored, ...], spool: str) -> Iterator[Finding]:
    others = [one.channel for one in monitored if not one.file.startswith(spool)]
    if others:
        told = f"{len(others)} of the channels that are up were given a recorder that is not Callwarden's"
        yield warning(ABOUT, told, f"Find what started it and switch it off: {_WHY}")


def _in_dialplan(lines: tuple[Line, ...]) -> Iterator[Finding]:
    recording = [line for line in lines if line.application in RECORDERS and line.context not in CONTEXTS]
    contexts = list(dict.fromkeys(line.context for line in recording))
    if contexts:
        named = ", ".join(contexts[:3]) + (" and others" if len(contexts) > 3 else "")
        advice = f"Switch it off (FreePBX: Call Recording = Never, everywhere): {_WHY}"
        yield warning(ABOUT, f"the dialplan can record by itself, in {named}", advice)


def _one_touch(features: Sections) -> Iterator[Finding]:
    for name, code in features.get("featuremap", ()):
        if name in ONE_TOUCH and code:
            told = f"one-touch recording is on ({name} = {code}): whoever presses it stops Callwarden's recorder"
            yield warning(ABOUT, told, f"Take {name} out of [featuremap] in features.conf")
