"""A recording as it could have been: ids of its own for every play, and words that a team would use.

The recordings were made with a scripted model for tests, so people and agents say things like ``[[scn:leaf]] Child B``.
Only such words and ids are exchanged, by tables; what happens, in which order and how long it takes stays as recorded.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from sessions_app.demo.recording import Recording

_UUID = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-f])")
_ALPHABET = "ybndrfg8ejkmcpqxot1uwisza345h769"
ID = 26


@dataclass(frozen=True)
class Retold:
    """Exchanges words, and every UUID for another that depends on ``play`` alone."""

    play: str
    words: Mapping[str, str]

    def __call__(self, text: str) -> str:
        text = _UUID.sub(lambda found: _uuid(self.play, found[0]), text)
        return self._pattern.sub(lambda found: self.words[found[0]], text) if self.words else text

    @property
    def _pattern(self) -> "re.Pattern[str]":
        longest_first = sorted(self.words, key=len, reverse=True)
        return re.compile("|".join(map(re.escape, longest_first)))


def retold(recording: Recording, play: str, channels: Mapping[str, str], words: Mapping[str, str]) -> Retold:
    """How a play of a recording is told: ``channels`` by recorded id, ``words`` by recorded words."""
    posts = {asked.id: mattermost_id(f"{play} {asked.id}") for asked in recording.asked()}
    return Retold(play, {**posts, **channels, **words})


def mattermost_id(seed: str) -> str:
    """An id as Mattermost makes them, the same for the same seed."""
    digest = hashlib.sha256(seed.encode()).digest()
    return "".join(_ALPHABET[byte % 32] for byte in digest)[:ID]


def _uuid(play: str, recorded: str) -> str:
    digits = hashlib.sha256(f"{play} {recorded}".encode()).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:32]}"
