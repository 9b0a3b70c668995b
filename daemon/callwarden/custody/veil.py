"""What of a call somebody without a request may see: when, how long, which of our phones; no number, no name. Pure.

Takes what the catalogue's readers give, gives the same with numbers masked and names, notes and callers' channels taken
out.
"""

from dataclasses import replace

from callwarden.core.facts import Call, Channel, Role
from callwarden.core.numbers import mask
from callwarden.logs import masked
from callwarden.storage.reading import FoundCall, FoundRecording


def of_found_call(found: FoundCall) -> FoundCall:
    """A call as a search finds it."""
    return replace(found, call=_call(found.call), caller_e164=None, called_e164=None, notes="")


def of_recording(found: FoundRecording) -> FoundRecording:
    """A recording as a search finds it."""
    return replace(found, call=_call(found.call), channel=of_channel(found.channel))


def _call(call: Call) -> Call:
    return replace(
        call, caller_number=mask(call.caller_number), caller_name="", called_number=mask(call.called_number)
    )


def of_channel(channel: Channel) -> Channel:
    """Our phones keep their extensions: they are how a monitor knows whose call it was. Other channels may be named
    after the number that they call (``Local/07700900123@out-00000001;1``)."""
    if channel.role is Role.PHONE:
        return replace(channel, party_name="")
    return replace(
        channel, number=mask(channel.number), party_name="", name=masked(channel.name),
        endpoint=masked(channel.endpoint),
    )  # fmt: skip
