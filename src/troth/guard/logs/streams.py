"""stdout and stderr with a redactor in between: complete lines pass redacted, an unfinished line waits for its end or for a flush."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TextIO, cast

if TYPE_CHECKING:
    from troth.detectors.redaction import Redactor

__all__ = ["RedactedStream"]


class RedactedStream(io.TextIOBase):
    """A text stream that redacts what is written to it; everything else is the wrapped stream's.

    Args:
        stream: where the text goes.
        redactor: what takes secrets out.
    """

    def __init__(self, stream: TextIO, redactor: Redactor) -> None:
        from troth.detectors.redaction import StreamRedactor

        self._stream = stream
        self._redactor = redactor
        self._pieces = StreamRedactor(redactor)
        self._lock = threading.RLock()

    def write(self, text: str) -> int:
        """Take text; what cannot be the start of a secret any more goes on at once.

        Raises:
            TypeError: for bytes: libraries (click) find out by it whether a stream takes them.
        """
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        with self._lock:
            try:
                safe = self._pieces.write(text.encode("utf-8", "surrogatepass"))
            except Exception:  # noqa: BLE001 - fails closed
                safe = b"[redaction failed]\n"
            if safe:
                self._stream.write(safe.decode("utf-8", "replace"))
        return len(text)

    def flush(self) -> None:
        """Let out what waits, redacted: a prompt must be seen. Only what looks like the beginning of a secret waits for what follows it, or for `finish`."""
        self._out(self._pieces.release)

    def finish(self) -> None:
        """Let out everything: nothing follows."""
        self._out(self._pieces.flush)

    def _out(self, taken: Callable[[], bytes]) -> None:
        with self._lock:
            rest = taken()
            if rest:
                self._stream.write(rest.decode("utf-8", "replace"))
            self._stream.flush()

    def isatty(self) -> bool:
        """As the wrapped stream."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """As the wrapped stream: child processes that inherit it write past the redactor."""
        return self._stream.fileno()

    def writable(self) -> bool:
        """Always."""
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """As the wrapped stream."""
        return self._stream.encoding

    @property
    def bare(self) -> TextIO:
        """The wrapped stream, for `prove`."""
        return self._stream

    def divert(self, stream: TextIO) -> TextIO:
        """Send what follows elsewhere, and return where it went before; for `prove`."""
        with self._lock:
            self.finish()
            before, self._stream = self._stream, stream
            return before

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever else the wrapped stream has
        if name == "buffer":
            return _RedactedBytes(self)
        return getattr(cast("Any", self._stream), name)


class _RedactedBytes(io.RawIOBase):
    """`sys.stdout.buffer`: bytes take the same way."""

    def __init__(self, owner: RedactedStream) -> None:
        self._owner = owner

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:  # noqa: ANN401 - any bytes-like object
        raw = bytes(data)
        self._owner.write(raw.decode("utf-8", "surrogateescape"))
        return len(raw)

    def flush(self) -> None:
        self._owner.flush()
