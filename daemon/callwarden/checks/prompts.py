"""Judges the prompts: built here, so that their hashes are known, and found by Asterisk, so that they are heard.

``wanted`` is pure; ``built`` reads the folder the daemon takes the hashes from; ``heard`` judges ARI's list of sounds.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from callwarden.assets import prompts
from callwarden.checks.finding import Finding, ok, problem, warning
from callwarden.config import Settings
from callwarden.core.policy import PROMPT_JOINED, PROMPT_NOT_RECORDED, PROMPT_OUTBOUND, PROMPT_RESUMED
from callwarden.sounds import SoundsError, prompt_hash

ABOUT = "sounds"
BUILD = "callwarden sounds build"
UNAVAILABLE = "card-line-unavailable"  # played by the dialplan, which does not ask for a language
INBOUND = "inbound"


def wanted(settings: Settings) -> list[tuple[str, str]]:
    """Every prompt that may be played: its language and its name."""
    announce, card = settings.announce, settings.card
    found = [(did.language, did.prompt) for did in announce.did]
    found += [(announce.language, INBOUND)] if announce.inbound != "off" else []
    found += [(announce.language, PROMPT_OUTBOUND)] if announce.outbound != "off" else []
    found += [(announce.language, PROMPT_JOINED)] if announce.joining != "off" else []
    if card.line:
        found += [(announce.language, UNAVAILABLE)]
        found += [(announce.language, PROMPT_NOT_RECORDED)] if card.not_recorded_prompt else []
        found += [(announce.language, PROMPT_RESUMED)] if card.resumed_prompt else []
    return sorted(set(found))


def built(settings: Settings) -> Iterator[Finding]:
    """Whether each can be named by its hash."""
    try:
        folder = prompts(settings.announce.built)
    except FileNotFoundError as error:
        yield problem(ABOUT, str(error), "Install Callwarden again")
        return
    hashes = dict(_hashes(folder, settings))
    missing = [f"{language}/{prompt}" for (language, prompt), sha256 in hashes.items() if not sha256]
    if missing:
        told = f"not built in {folder}: {', '.join(missing)}; the catalogue could not say what was heard"
        yield problem(ABOUT, told, f"Build them: {BUILD}")
    elif hashes:
        yield ok(ABOUT, f"{len(hashes)} prompts are built in {folder}")


def _hashes(folder: Path, settings: Settings) -> Iterator[tuple[tuple[str, str], str]]:
    for language, prompt in wanted(settings):
        try:
            yield (language, prompt), prompt_hash(folder, language, prompt)
        except SoundsError:
            yield (language, prompt), ""


def heard(listed: Sequence[Mapping[str, Any]], settings: Settings) -> Finding:
    """``listed`` is what ARI answers to ``sounds``; it takes a folder of its own for a language (16 and 22)."""
    known = {str(sound.get("id")) for sound in listed}
    known |= {f"{each.get('language')}/{sound.get('id')}" for sound in listed for each in sound.get("formats", [])}
    names = [f"{settings.announce.sounds}/{language}/{prompt}" for language, prompt in wanted(settings)]
    missing = [name for name in names if name not in known]
    if not missing:
        return ok(ABOUT, f"Asterisk knows all {len(names)} prompts")
    told = f"Asterisk does not know {', '.join(missing)}, or did not when it last looked"
    advice = (
        f"Put what `{BUILD}` makes into its sounds folder as {settings.announce.sounds}, then: module reload sounds"
    )
    return warning(ABOUT, told, advice)
