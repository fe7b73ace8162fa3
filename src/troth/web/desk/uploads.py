"""Forms as they arrive: fields in memory, files encrypted piece by piece and stored, no temporary file at all.

Rules: a file's clear bytes exist only between two pieces from the network; sealed chunks above a small buffer go to the store while the rest arrives; all
sizes are bounded, and what is over a bound is counted but not kept, so that the person gets the form back with what they wrote.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from troth.app.desk.opening import Desk
from troth.desk.crypt.streams import Sealer
from troth.desk.intake.fields import FormError
from troth.desk.storage.case_rows import StagedFile, new_id
from troth.desk.storage.thread_rows import staged

__all__ = ["Received", "receive", "receive_fields"]

_FIELDS_BYTES: Final = 1024 * 1024
_FIELDS: Final = 100
_HELD: Final = 256 * 1024
"""Sealed bytes that may wait in memory before they are stored."""
_HEAD: Final = re.compile(rb'\r\nContent-Disposition: (form-data; name="[^"\\\r\n\x00]{1,90}"(?:; filename="[^"\\\r\n\x00]{0,500}")?)(?:\r\nContent-Type: [!-~]{1,100})?')
"""The head of a part as browsers write it."""
Chunk = tuple[str, int, bytes]


@dataclass(slots=True)
class Received:
    """A form that arrived.

    Attributes:
        fields: names and texts; the last of several counts.
        files: received whole; `chunks` are those not yet stored.
        problems: what was over a bound. refused: a file was not taken for lack of room.
    """

    fields: dict[str, str] = field(default_factory=dict)
    files: list[StagedFile] = field(default_factory=list)
    chunks: list[Chunk] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)
    refused: bool = False

    def demand_whole(self) -> None:
        """Refuse a form of which something was over a bound.

        Raises:
            FormError: it says what.
        """
        if self.problems:
            raise FormError(self.problems)


def _named(disposition: bytes) -> tuple[str, str | None]:
    """Name of a part and of its file; the file's is None where it is none."""
    _kind, options = parse_options_header(disposition)
    file_name = options.get(b"filename")
    return options.get(b"name", b"").decode("utf-8", "replace")[:100], file_name.decode("utf-8", "replace") if file_name is not None else None


_field_named: Final = lru_cache(200)(_named)
"""The same thirty headers come with every report and are read once; names of files are not remembered."""


class _Parts:
    """Callbacks of the parser: what belongs to which part."""

    def __init__(self, received: Received, key_of: Callable[[dict[str, str]], bytes], max_files: int, max_bytes: int, refused: str = "") -> None:
        self.received, self._key_of, self._refused = received, key_of, refused
        self._max_files, self._max_bytes = max_files, max_bytes
        self._header, self._value = bytearray(), bytearray()
        self._disposition = b""
        self._name, self._file_name = "", ""
        self._text = bytearray()
        self._kept = self._stored = 0
        self._sealer: Sealer | None = None
        self._id, self._count = "", 0
        self._parts = 0

    def begin(self) -> None:
        self._parts += 1
        if self._parts > _FIELDS:
            raise FormParserError("too many parts")
        self._disposition, self._name, self._file_name, self._sealer = b"", "", "", None
        self._header.clear()
        self._value.clear()
        self._text.clear()

    def header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        if len(self._value) > 8_192:
            raise FormParserError("a header is too long")

    def header_end(self) -> None:
        if bytes(self._header).lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def named(self, disposition: bytes) -> None:
        """Take the value of a part's Content-Disposition; what follows is the part's content."""
        self._disposition = disposition
        self.headers_finished()

    def headers_finished(self) -> None:
        self._name, file_name = _field_named(self._disposition) if len(self._disposition) < 100 and b"filename" not in self._disposition else _named(self._disposition)
        if file_name is not None:
            self._file_name = file_name
            self._id, self._count = new_id(), 0
            if self._file_name and self._refused:
                self.received.problems["files"], self.received.refused = self._refused, True
            elif self._file_name and len(self.received.files) < self._max_files:
                self._sealer = Sealer(self._key_of(self.received.fields), self._id)
            elif self._file_name:
                self.received.problems["files"] = f"More than {self._max_files} files. Put them into one archive."

    def data(self, data: bytes, start: int, end: int) -> None:
        piece = data[start:end]
        if self._sealer is not None:
            self._stored += len(piece)
            if self._stored > self._max_bytes:
                self.received.problems["files"] = f"The files are larger than {self._max_bytes // 1024 // 1024} MiB together."
                self._sealer = None
                return
            for sealed in self._sealer.feed(piece):
                self._chunk(sealed)
        elif not self._file_name:
            self._kept += len(piece)
            if self._kept > _FIELDS_BYTES:
                raise FormParserError("the text is too long")
            self._text += piece

    def end(self) -> None:
        if self._sealer is not None:
            size = self._sealer.size
            self._chunk(self._sealer.finish())
            self.received.files.append(staged(self._file_name, size, self._count, self._id, self._sealer.digest))
            self._sealer = None
        elif self._name and not self._file_name:
            self.received.fields[self._name] = self._text.decode("utf-8", "replace")

    def _chunk(self, sealed: bytes) -> None:
        self.received.chunks.append((self._id, self._count, sealed))
        self._count += 1


async def receive(request: Request, desk: Desk, key_of: Callable[[dict[str, str]], bytes], refused: str = "") -> Received:
    """Read a form with files.

    Args:
        request: multipart or urlencoded.
        desk: whose store takes the chunks.
        key_of: the case's key, given the fields that came before the first file.
        refused: why no file is taken now; empty where files are.

    Raises:
        FormError: it is no form, or larger than anything that people write.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data":
        return Received(await receive_fields(request))
    received = Received()
    limit = desk.settings.max_mib * 1024 * 1024
    parts = _Parts(received, key_of, desk.settings.max_files, limit, refused)
    total = 0
    try:
        whole = await _small_body(request)
        if whole is not None and _at_once(parts, whole, options[b"boundary"]):
            return received
        parser = MultipartParser(options[b"boundary"], {
            "on_part_begin": parts.begin, "on_header_field": parts.header_field, "on_header_value": parts.header_value, "on_header_end": parts.header_end,
            "on_headers_finished": parts.headers_finished, "on_part_data": parts.data, "on_part_end": parts.end,
        })  # fmt: skip
        async for piece in request.stream():
            total += len(piece)
            if total > 2 * limit + _FIELDS_BYTES:
                raise FormError({"files": f"This is much more than the {desk.settings.max_mib} MiB that fit."})
            parser.write(piece)
            if sum(len(sealed) for _file, _number, sealed in received.chunks) > _HELD:
                await _store(desk, received)
        parser.finalize()
    except (FormParserError, KeyError, ClientDisconnect) as error:
        raise FormError({"": "The form did not arrive whole. Please send it again."}) from error
    return received


async def _small_body(request: Request) -> bytes | None:
    """The body of a form that is small by its own account, so that it can be read in one go; None where it is not, and has to be read as it comes."""
    length = request.headers.get("content-length", "")
    if not (length.isascii() and length.isdigit()) or int(length) > _HELD:
        return None
    return await request.body()  # from here on `stream` gives these bytes once more


def _at_once(parts: _Parts, body: bytes, boundary: bytes) -> bool:
    """Read a form whose bytes are all there, if it is written as browsers write it; whether it was. The parser, which reads byte by byte, decides about all others.

    A delimiter is CRLF, two dashes and the boundary (RFC 2046, 5.1.1); the first may stand without its CRLF. Nothing is called before the whole form is known to be of that shape.
    """
    first, *pieces = (b"\r\n" + body).split(b"\r\n--" + boundary)
    if first or len(pieces) < 2 or len(pieces) > _FIELDS or pieces.pop() not in (b"--\r\n", b"--"):
        return False
    split = [(_HEAD.fullmatch(head), gap, content) for head, gap, content in (piece.partition(b"\r\n\r\n") for piece in pieces)]
    if not all(head is not None and gap for head, gap, _content in split):
        return False
    for head, _gap, content in split:
        if head is not None:
            parts.begin()
            parts.named(head.group(1))
            parts.data(content, 0, len(content))
            parts.end()
    return True


async def _store(desk: Desk, received: Received) -> None:
    chunks, received.chunks = received.chunks, []
    await desk.writer.submit_async(desk.threads.stage, chunks)


async def receive_fields(request: Request) -> dict[str, str]:
    """Read a form without files.

    Raises:
        FormError: it is too long or no form.
    """
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > 3 * _FIELDS_BYTES:
            raise FormError({"": "The text is too long."})
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_FIELDS, errors="replace")
    except ValueError as error:
        raise FormError({"": "The form did not arrive whole. Please send it again."}) from error
    return dict(pairs)
