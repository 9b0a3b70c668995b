"""What the catalogue gives crosses the socket whole; what a role may not see does not."""

import json
from collections import Counter

from callwarden.core.coverage import Coverage, Sums
from callwarden.core.facts import Role
from callwarden.custody import veil
from callwarden.custody.packed import pack, unpack, written
from callwarden.storage.reading import FoundCall, FoundRecording, StoredFile
from storage_world import call, channel, recording

FILE = StoredFile("2026/05/28/1.wav", "wav", "ab", 3, 1.5, 2.0, None)


def found() -> FoundRecording:
    one = call(caller_name='Ann \udcff\x00 "Smith"', called_number="02079460001")
    return FoundRecording(recording(), one, channel(party_name="Ann Smith"), FILE, "a note")


def test_everything_comes_back_as_it_was() -> None:
    one = found()
    assert unpack(FoundRecording, json.loads(json.dumps(pack(one)))) == one
    missing = FoundCall(one.call, None, "+44", "", None, 2)
    assert unpack(FoundCall, json.loads(json.dumps(pack(missing)))) == missing


def test_the_veil_leaves_no_number_and_no_name() -> None:
    text = repr(veil.of_recording(found()))
    for told in ("Ann", "Smith", "7946 0123", "02079460001"):
        assert told not in text
    listed = repr(veil.of_found_call(FoundCall(found().call, "+442079460123", "+442079460001", "rang twice", None, 1)))
    for told in ("Ann", "442079460123", "rang twice"):
        assert told not in listed


def test_what_is_summed_comes_back_as_it_was() -> None:
    day = Sums(channels=2, recorded=1.5, gap=Counter({"disk full": 3.25}))
    counted = Coverage({"2026-11-22": day}, day)
    assert unpack(Coverage, json.loads(json.dumps(pack(counted)))) == counted


def test_a_list_that_is_written_one_by_one_is_json() -> None:
    assert json.loads(written([])) == []
    assert json.loads(written([found(), found()])) == pack([found(), found()])


def test_a_channel_that_is_named_after_a_number_is_veiled() -> None:
    local = channel(name="Local/07700900123@out-0000002a;1", endpoint="Local/07700900123@out", role=Role.PLUMBING)
    seen = veil.of_channel(local)
    assert (seen.name, seen.endpoint) == ("Local/***123@out-0000002a;1", "Local/***123@out")


def test_our_phones_keep_their_extensions() -> None:
    phone = channel(role=Role.PHONE, endpoint="PJSIP/202", number="202", party_name="Reception")
    seen = veil.of_recording(FoundRecording(recording(), call(), phone, None, ""))
    assert (seen.channel.endpoint, seen.channel.number, seen.channel.party_name) == ("PJSIP/202", "202", "")
