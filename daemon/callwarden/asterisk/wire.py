"""One AMI message: takes its text, gives `Headers`, or the reason why it cannot be a whole message.

Rules: keys are stored in lower case and found in any case; a repeated header (`Variable`, `ChanVariable`,
`Output`) gives its first value by plain access and all of them, in order, by `all()`; names that Asterisk
C-escapes (the caller's and the connected line's) are given as the caller sent them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

# Every channel in an event is described by these, in this order, side by side (measured, 16.28 and 22.10).
CHANNEL_HEADERS = (
    "channel", "channelstate", "channelstatedesc", "calleridnum", "calleridname", "connectedlinenum",
    "connectedlinename", "language", "accountcode", "context", "exten", "priority", "uniqueid", "linkedid",
)  # fmt: skip
# Which channels an event describes, by the prefix of their headers: those it must have, those it may have.
_ONE = (("",), ())
_LOCAL = (("localone", "localtwo"), ("source",))
DESCRIBED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    **dict.fromkeys(("newchannel", "newstate", "newcallerid", "newconnectedline", "newaccountcode"), _ONE),
    **dict.fromkeys(("hangup", "hanguprequest", "softhanguprequest", "hold", "unhold"), _ONE),
    **dict.fromkeys(("bridgeenter", "bridgeleave", "musiconholdstart", "musiconholdstop"), _ONE),
    **dict.fromkeys(("mixmonitorstart", "mixmonitorstop", "mixmonitormute", "status", "coreshowchannel"), _ONE),
    **dict.fromkeys(("dialbegin", "dialend", "dialstate"), (("dest",), ("",))),
    **dict.fromkeys(("localbridge", "localoptimizationbegin", "localoptimizationend"), _LOCAL),
    "blindtransfer": (("transferer",), ("transferee",)),
    "attendedtransfer": (("origtransferer", "secondtransferer"), ("transferee", "transfertarget")),
}
# What tells one message from another, and so must not come twice in it.
_ONCE = ("event", "response", "actionid", "privilege", "bridgeuniqueid", "mixmonitorid")
UNKNOWN_CHANNEL = "does not describe its channel as Asterisk 16 to 22 do"

_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


class Headers(dict[str, str]):
    """One message. Keys are stored in lower case and looked up in any case."""

    repeated: Mapping[str, list[str]] = MappingProxyType({})

    def __getitem__(self, name: str) -> str:
        return dict.__getitem__(self, name.lower())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and dict.__contains__(self, name.lower())

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
        """The (first) value of a header; empty when it is not there, which is what Asterisk itself means by it."""
        return dict.get(self, name.lower(), default)

    def all(self, name: str) -> list[str]:
        """Every value of a header that may repeat, in the order sent."""
        name = name.lower()
        if name in self.repeated:
            return self.repeated[name]
        return [self[name]] if name in self else []


@dataclass(frozen=True, slots=True)
class _Layout:
    """The names of one message, judged once for all the messages that have them."""

    names: tuple[str, ...]
    escaped: tuple[str, ...]  # those whose values Asterisk C-escapes
    repeats: bool
    fault: str  # empty when it is a whole message
    begins: tuple[str, ...]  # how each of its lines begins
    lengths: tuple[int, ...]


def event_of(text: str) -> str:
    """The lower-case name of the event that a message's text begins with; empty for anything else."""
    return text[7 : text.find("\r\n")].lower() if text.startswith("Event: ") else ""


def parse(text: str) -> tuple[Headers | None, str]:
    """A message's text into its headers and an empty string, or None and the fault."""
    lines = text.split("\r\n")
    known = _LIKELY.get(lines[0])
    if known is not None and len(lines) == len(known.begins) and all(map(str.startswith, lines, known.begins)):
        return _fill(known, [line[length:] for line, length in zip(lines, known.lengths, strict=True)]), ""
    try:
        keys, values = zip(*(line.split(": ", 1) for line in lines), strict=True)
    except ValueError:
        return None, "has a line that is no header"
    form = _layout(values[0].lower() if keys[0] == "Event" else "", keys)
    if not form.fault and (known is not None or len(_LIKELY) < MOST_LIKELY):
        _LIKELY[lines[0]] = form
    return _build(form, values)


def as_it_came(text: str) -> Headers:
    """The headers of a message whose layout is not known: an Asterisk other than those this was measured on."""
    pairs = [line.split(": ", 1) for line in text.split("\r\n") if ": " in line]
    return _fill(_layout("", tuple(key for key, _ in pairs)), [value for _, value in pairs])


def mend(text: str) -> Headers | None:
    """Several messages' text that was one before a caller's number with line breaks cut it, as that one.

    The channel headers are sought from the end, for what a caller added comes before the rest of the real ones.
    """
    lines = text.split("\r\n")
    keys = [line.partition(": ")[0].lower() for line in lines]
    event = event_of(text)
    must, may = DESCRIBED.get(event, ((), ()))
    starts = {0, *(n for n in range(1, len(lines)) if ": " in lines[n])}
    for prefix in must + may:
        block = _block(prefix, keys)
        if block:
            starts -= set(range(block[0], block[-1])) - set(block)
    return _joined(event, lines, sorted(starts))


def _joined(event: str, lines: list[str], starts: list[int]) -> Headers | None:
    ends = [*starts[1:], len(lines)]
    pairs = ["\r\n".join(lines[start:end]).split(": ", 1) for start, end in zip(starts, ends, strict=True)]
    keys = tuple(pair[0] for pair in pairs)
    return _build(_layout(event, keys), [pair[1] for pair in pairs])[0]


def _block(prefix: str, keys: list[str]) -> list[int]:
    """The lines on which one channel's headers begin; empty when they are not all there."""
    found: list[int] = []
    end = len(keys)
    for name in reversed(CHANNEL_HEADERS):
        end = max((n for n in range(end) if keys[n] == prefix + name), default=-1)
        if end < 0:
            return []
        found.insert(0, end)
    return found


# The layout that a message with this first line ("Event: Newchannel") had last: most have it again, and then its lines
# need only be cut where that says. What a caller makes up is no layout that is kept for long.
_LIKELY: dict[str, _Layout] = {}
MOST_LIKELY = 100


@lru_cache(maxsize=2048)
def _layout(event: str, keys: tuple[str, ...]) -> _Layout:
    names = tuple(key.lower() for key in keys)
    escaped = tuple(n for n in names if n.endswith(("calleridname", "connectedlinename")) and "effective" not in n)
    begins = tuple(f"{key}: " for key in keys)
    repeats = len(set(names)) < len(names)
    return _Layout(names, escaped, repeats, _fault(event, names), begins, tuple(map(len, begins)))


def _fault(event: str, names: tuple[str, ...]) -> str:
    if not names or names[0] not in ("event", "response"):
        return "begins with neither Event nor Response"
    must, may = DESCRIBED.get(event, ((), ()))
    prefixes = must + tuple(p for p in may if p + "calleridnum" in names)
    once = {*_ONCE, *(prefix + name for prefix in prefixes for name in CHANNEL_HEADERS)}
    twice = sorted(name for name in once if names.count(name) > 1)
    if twice:
        return f"has the header {twice[0]} more than once"
    if not all(_described(prefix, names) for prefix in prefixes):
        return UNKNOWN_CHANNEL
    return ""


def _described(prefix: str, names: tuple[str, ...]) -> bool:
    expected = tuple(prefix + name for name in CHANNEL_HEADERS)
    if expected[0] not in names:
        return False
    start = names.index(expected[0])
    return names[start : start + len(expected)] == expected


def _build(form: _Layout, values: Sequence[str]) -> tuple[Headers | None, str]:
    return (None, form.fault) if form.fault else (_fill(form, values), "")


def _fill(form: _Layout, values: Sequence[str]) -> Headers:
    headers = _repeating(form.names, values) if form.repeats else Headers(zip(form.names, values, strict=True))
    for name in form.escaped:
        value = dict.__getitem__(headers, name)
        if "\\" in value:
            dict.__setitem__(headers, name, _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), value))
    return headers


def _repeating(names: tuple[str, ...], values: Sequence[str]) -> Headers:
    found: dict[str, list[str]] = {}
    for name, value in zip(names, values, strict=True):
        found.setdefault(name, []).append(value)
    headers = Headers((n, v[0]) for n, v in found.items())
    headers.repeated = {n: v for n, v in found.items() if len(v) > 1}
    return headers
