"""The format that recordings are kept in, where somebody else's program has to make it.

Takes settings, gives findings; has a second of silence encoded and changes nothing.
"""

from collections.abc import Iterator

from callwarden.checks.finding import Finding, ok, problem
from callwarden.config import Settings
from callwarden.storage.audio import encoding_of, second_of_silence
from callwarden.storage.riff import AudioError, pcm

FORMAT = "format"


def encoding(settings: Settings) -> Iterator[Finding]:
    """Nothing for what Asterisk writes itself."""
    wanted = encoding_of(settings.recording.format)
    if wanted == pcm():
        return
    try:
        second_of_silence(wanted)
    except AudioError as error:
        told = f"recordings cannot be made {wanted.name}, and would stay in the spool: {error}"
        yield problem(FORMAT, told, "Debian's ffmpeg can: apt install ffmpeg")
    else:
        yield ok(FORMAT, f"ffmpeg makes recordings {wanted.name}")
