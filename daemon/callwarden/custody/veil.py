"""What of a call somebody without a request may see: when, how long, which of our phones; no number, no name. Pure.

Takes what the catalogue's readers give, gives the same with numbers masked and names, notes and callers' channels taken
out.
"""

from dataclasses import replace

from callwarden.core.facts import Call, Channel, Role
from callwarden.core.numbers import mask
from callwarden.storage.reading import FoundCall, FoundRecording


def of_found_call(found: FoundCall) -> FoundCall:
    """A call as a search finds it."""
    return replace(found, call=_call(found.call), caller_e164=None, called_e164=None, notes="")


def of_recording(found: FoundRecording) -> FoundRecording:
    """A recording as a search finds it."""
    return replace(found, call=_call(found.call), channel=_channel(found.channel))


def _call(call: Call) -> Call:
    return replace(
        call, caller_number=mask(call.caller_number), caller_name="", called_number=mask(call.called_number)
    )


def _channel(channel: Channel) -> Channel:
    """Our phones keep their extensions: they are how a monitor knows whose call it was."""
    number = channel.number if channel.role is Role.PHONE else mask(channel.number)
    return replace(channel, number=number, party_name="")
