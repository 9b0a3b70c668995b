"""Judges the dialplan and the features: Callwarden's contexts there and called, the card line behind its gate. Pure."""

from collections.abc import Iterator

from callwarden.checks.finding import Finding, ok, problem, warning
from callwarden.checks.pbx import Line, Sections
from callwarden.config import CardLine, Settings

ABOUT, FEATURES = "dialplan", "features"

CONTEXTS = tuple(
    f"callwarden-{name}"
    for name in (
        "settings", "inbound", "outbound", "internal", "announce-outbound", "agent", "record", "ended", "card-line",
        "return", "divert", "suspend",
    )
)  # fmt: skip
CODES = {"callwarden-card": "callwarden-divert", "callwarden-suspend": "callwarden-suspend"}
INCLUDE = 'Copy callwarden.conf beside extensions.conf and add "#include callwarden.conf", then: dialplan reload'


def dialplan(lines: tuple[Line, ...] | None, settings: Settings) -> list[Finding]:
    """Everything that the dialplan has to have."""
    if lines is None:
        told = "the user may not look at the dialplan (write class reporting), so it could not be checked"
        return [warning(ABOUT, told, "Ask Asterisk itself: dialplan show callwarden-inbound")]
    missing = [name for name in CONTEXTS if name not in {line.context for line in lines}]
    if missing:
        what = (
            "Callwarden's contexts are not there"
            if len(missing) == len(CONTEXTS)
            else f"not there: {', '.join(missing)}"
        )
        return [problem(ABOUT, what, INCLUDE)]
    theirs = tuple(line for line in lines if line.context not in CONTEXTS)
    found = [*_inbound(theirs, settings), *_outbound(theirs, settings), *_agents(theirs, settings)]
    found += [finding for card in settings.card.line for finding in _card_line(theirs, card)]
    return [ok(ABOUT, "Callwarden's contexts are there"), *found]


def _inbound(lines: tuple[Line, ...], settings: Settings) -> Iterator[Finding]:
    if settings.announce.inbound == "off":
        return
    callers = [line for line in lines if "callwarden-inbound," in line.data]
    if callers:
        yield ok(ABOUT, f"callers are announced in {_named(callers)}")
    else:
        told = "nothing calls callwarden-inbound, so callers are not told that the call is recorded"
        yield problem(
            ABOUT, told, "Add Gosub(callwarden-inbound,s,1) before the phones ring: `callwarden init` shows where"
        )


def _outbound(lines: tuple[Line, ...], settings: Settings) -> Iterator[Finding]:
    if settings.announce.outbound != "before-connect":
        return
    if not any("callwarden-announce-outbound" in line.data for line in lines):
        told = "nothing dials with U(callwarden-announce-outbound), so the people we ring are not told"
        yield warning(ABOUT, told, 'Add it to Dial() of outgoing calls, or set [announce] outbound = "whisper"')


def _agents(lines: tuple[Line, ...], settings: Settings) -> Iterator[Finding]:
    if settings.card.line and not any("callwarden-agent^" in line.data for line in lines):
        told = "nothing dials with b(callwarden-agent^s^1), so no phone that is rung has the code *7"
        yield warning(ABOUT, told, "Add it to the Dial() that rings your phones")


def _card_line(lines: tuple[Line, ...], card: CardLine) -> Iterator[Finding]:
    its_own = [line for line in lines if (line.context, line.extension) == (card.context, card.extension)]
    gated = any("callwarden-card-line," in line.data for line in its_own)
    if gated:
        yield ok(ABOUT, f"the card line {card.name} is behind its gate")
    elif its_own:
        told = f"the card line {card.name} rings without its gate: {card.extension} in {card.context} does not call it"
        yield problem(ABOUT, told, "Dial it by Gosub(callwarden-card-line,s,1(...)) alone: `callwarden init` shows how")
    else:
        told = f"the card line {card.name} was not found: there is no {card.extension} in {card.context}"
        yield warning(ABOUT, told, "Add it as `callwarden init` shows, or mend [[card.line]]")
    yield from _side_doors(lines, card)


def _side_doors(lines: tuple[Line, ...], card: CardLine) -> Iterator[Finding]:
    """A Dial of the card line's phone that does not pass the gate."""
    phone = card.endpoint if "/" in card.endpoint else f"PJSIP/{card.endpoint}"
    doors = [line for line in lines if card.endpoint and line.application == "Dial" and phone in _dialled(line)]
    if doors:
        told = f"the card line {card.name} also rings without its gate, in {_named(doors)}"
        yield problem(ABOUT, told, f"Let nothing but its gate dial {phone}")


def _dialled(line: Line) -> list[str]:
    return [each.partition("@")[0] for each in line.data.partition(",")[0].split("&")]


def features(found: Sections | None, settings: Settings) -> list[Finding]:
    """The feature codes."""
    if found is None:
        told = "the user may not read features.conf (write class system), so the codes could not be checked"
        return [warning(FEATURES, told, "Ask Asterisk itself: features show")]
    there = dict(found.get("applicationmap", ()))
    wanted = ["callwarden-card", *(["callwarden-suspend"] if settings.card.in_place else [])]
    missing = [name for name in wanted if CODES[name] not in there.get(name, "")]
    if not missing:
        return [ok(FEATURES, f"{name} is {there[name].partition(',')[0]}") for name in wanted]
    advice = (
        "Add the lines of callwarden-features.conf to [applicationmap] of features.conf, then: module reload features"
    )
    return [problem(FEATURES, f"there is no code {' and no '.join(missing)}", advice)]


def _named(lines: list[Line]) -> str:
    """Up to three places of the dialplan."""
    places = list(dict.fromkeys(f"{line.context} ({line.extension})" for line in lines))
    more = f" and {len(places) - 3} more" if len(places) > 3 else ""
    return ", ".join(places[:3]) + more
