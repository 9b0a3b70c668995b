"""Listen to the shipped prompts with an offline recogniser and note what it understood in `heard.tsv`.

A development check, run by hand after `synthesise`: `pip install 'pocketsphinx>=5.1,<6'`, then
`python sounds/listen.py`. The tests do not depend on the recogniser, which has no ready-made build for every
machine; they compare `heard.tsv` with the words and with the audio's hash, so a prompt that was changed and
not listened to again fails there. Each is heard as a caller hears it: through 8 kHz mu-law.
"""

import hashlib
import subprocess
from pathlib import Path

from pocketsphinx import Decoder

HERE = Path(__file__).parent
RECOGNISER_RATE = 16000  # Hz, what the recogniser's own model was trained on


def over_the_telephone(prompt: Path) -> bytes:
    to_mulaw = ["ffmpeg", "-v", "error", "-i", str(prompt), "-ar", "8000", "-f", "mulaw", "-"]
    mulaw = subprocess.run(to_mulaw, check=True, capture_output=True).stdout
    back = ["ffmpeg", "-v", "error", "-f", "mulaw", "-ar", "8000", "-i", "-"]
    linear = [*back, "-ar", str(RECOGNISER_RATE), "-f", "s16le", "-"]
    return subprocess.run(linear, check=True, capture_output=True, input=mulaw).stdout


def words_in(speech: bytes) -> str:
    decoder = Decoder(samprate=RECOGNISER_RATE, loglevel="FATAL")
    decoder.start_utt()
    decoder.process_raw(speech, full_utt=True)
    decoder.end_utt()
    hypothesis = decoder.hyp()
    return hypothesis.hypstr if hypothesis else ""


def line(prompt: Path) -> str:
    digest = hashlib.sha256(prompt.read_bytes()).hexdigest()
    return f"{prompt.parent.name}/{prompt.stem}\t{digest}\t{words_in(over_the_telephone(prompt))}\n"


if __name__ == "__main__":
    # Only English: the recogniser's own model knows no other language.
    heard = "".join(line(prompt) for prompt in sorted(HERE.glob("en/*.flac")))
    (HERE / "heard.tsv").write_text(heard, encoding="utf-8")
