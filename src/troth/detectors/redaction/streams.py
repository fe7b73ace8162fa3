"""Redaction of text that arrives in pieces: a token cut in two by a write, or by a chunk of a stream, must not slip through.

A piece is let out up to the last place where no secret can still be growing: complete lines at once (outside of a key's armour), of an
unfinished line everything but its last `hold` bytes. What is held back is bounded; `flush` lets the rest out, redacted.
"""

from __future__ import annotations

import re

from troth.detectors.redaction.redactor import Redactor

__all__ = ["StreamRedactor"]

HOLD = 1_024
"""Longest provider token in one line that is caught across writes; longer values are caught when their line ends or the buffer is full."""
ARMOUR = 16 << 10
"""Longest block of a private key that is held back until its END line."""
_BEGIN = re.compile(rb"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_END = re.compile(rb"-----END [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----")


_BEGUN = re.compile(
    rb"(?:gh[pousr]_|github_pat_|glpat-|sk-|[sr]k_live_|xox[a-z]-|AKIA|ASIA|AIza|hf_|npm_|pypi-|eyJ|dop_v1_|SG\.|hvs\.|-----BEGIN|[a-z]{2,10}://[^\s/@]{0,80}:)[^\s\"'<>]{0,400}\Z"
)
"""Beginnings of the commonest tokens, up to the end of a piece."""


class StreamRedactor:
    """Redacts a sequence of writes. One per stream; not to be shared between threads without a lock."""

    def __init__(self, redactor: Redactor, hold: int = HOLD) -> None:
        """Prepare.

        Args:
            redactor: does the work.
            hold: bytes of an unfinished line that wait for the next write; at least the longest registered value is held.
        """
        self._redactor = redactor
        self._hold = hold
        self._buffer = b""

    @property
    def held(self) -> int:
        """How many bytes wait."""
        return len(self._buffer)

    def write(self, data: bytes) -> bytes:
        """Take a piece; returns what can be let out now, redacted."""
        buffer = self._buffer + data
        cut = self._cut(buffer)
        if cut <= 0:
            self._buffer = buffer
            return b""
        self._buffer = buffer[cut:]
        return self._redactor.bytes(buffer[:cut])

    def release(self) -> bytes:
        """Let out what waits but the end of it that a secret may be growing in: at a flush in the middle of a line, as of text that is shown piece by piece."""
        grows = self._growing()
        buffer = self._buffer
        self._buffer = buffer[len(buffer) - grows :]
        return self._redactor.bytes(buffer[: len(buffer) - grows])

    def _growing(self) -> int:
        """How many bytes at the end look like the beginning of a token or of a known value."""
        tail = self._buffer[-max(self._hold, self._redactor.registry.longest) :]
        begun = _BEGUN.search(tail)
        grows = len(tail) - begun.start() if begun else 0
        for value in self._redactor.registry.values:
            at = tail.find(value[:1], max(0, len(tail) - len(value) + 1))
            while at >= 0 and not value.startswith(tail[at:]):
                at = tail.find(value[:1], at + 1)
            grows = max(grows, len(tail) - at) if at >= 0 else grows
        return grows

    def flush(self) -> bytes:
        """Let out what waits, redacted: at the end of the stream, or when someone waits for a prompt."""
        buffer, self._buffer = self._buffer, b""
        return self._redactor.bytes(buffer)

    def _cut(self, buffer: bytes) -> int:
        cut = buffer.rfind(b"\n") + 1
        hold = max(self._hold, self._redactor.registry.longest)
        if len(buffer) - cut > 2 * hold:
            cut = self._outside(buffer, len(buffer) - hold)
        armours = list(_BEGIN.finditer(buffer)) if b"-----BEGIN" in buffer else []
        if armours and armours[-1].start() < cut:
            start, end = armours[-1].start(), _END.search(buffer, armours[-1].end())
            if end is None or end.end() > cut:  # also where the END line is there and its line is not yet: half a block is none
                return start if len(buffer) - start <= ARMOUR else cut
        return cut

    def _outside(self, buffer: bytes, cut: int) -> int:
        """Move a cut inside of an unfinished line to a place where no run of token characters is cut, if there is one near."""
        space = max(buffer.rfind(sign, 0, cut) for sign in (b" ", b"\t", b"\n"))
        return space + 1 if space >= cut - max(self._hold, self._redactor.registry.longest) else cut
