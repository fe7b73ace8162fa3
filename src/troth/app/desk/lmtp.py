"""Mail in by LMTP (RFC 2033), over a socket of this machine: how a mail server hands mail on to whoever keeps it, one answer for each recipient.

Rules: an answer that says "taken" comes after the commit; whatever could not be taken now is the mail server's to try again, and what is no mail for a desk is
refused with no word of it. Who speaks here is the mail server, and it repeats what strangers wrote: a mail ends with CRLF, a dot, CRLF, and with nothing that looks like it
(RFC 5321, 2.3.8), a line, a mail, a session and their number are bounded, and no answer quotes what was sent. Announced: PIPELINING and ENHANCEDSTATUSCODES,
as the RFC demands, 8BITMIME and SIZE.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import signal
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from troth.app.desk.mail_intake import take_mail
from troth.app.desk.opening import Desk
from troth.desk.mail.incoming import MAX_BYTES, MailError
from troth.errors import DeskError, SettingsError, StoreError

__all__ = ["Lmtp", "listen"]

_LINE: Final = 4_096
"""Longest command; RFC 5321, 4.5.3.1.4 asks for 512 and what extensions add."""
_RECIPIENTS: Final = 100
_MAILS: Final = 1_000
_FAULTS: Final = 20
_SESSIONS: Final = 20
_SECONDS: Final = 300.0
"""Of silence, RFC 5321, 4.5.3.2.7."""
_PATH: Final = re.compile(rb"<([^<>\x00-\x20\x7f]{0,320})>((?: [!-~]{1,200}){0,10})\Z")
_TOO_LONG: Final = b"\x00"
"""In the place of a line that is longer than any command; no command is spelled so."""
LOG: Final = logging.getLogger("troth.desk")


class _EndError(Exception):
    """The session is over."""


class Lmtp:
    """Sessions for one desk.

    Args:
        desk: that takes the mail.
        take: takes one mail; for tests.
        seconds: of silence until a session ends.
    """

    def __init__(self, desk: Desk, take: Callable[[Desk, bytes], str] = take_mail, seconds: float = _SECONDS) -> None:
        self._desk, self._take, self._seconds = desk, take, seconds
        self._sessions = 0
        self._turn = asyncio.Lock()

    async def session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak with one mail server until it leaves."""
        self._sessions += 1
        try:
            if self._sessions > _SESSIONS:
                await _say(writer, b"421 4.3.2 too many sessions")
                return
            await _Session(self, reader, writer).run()
        except (_EndError, TimeoutError, ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return
        finally:
            self._sessions -= 1
            writer.close()

    def wanted(self, address: bytes) -> bool:
        """Whether mail to an address is for this desk: the address of the settings, with any `+detail`; every one where they name none."""
        own = self._desk.settings.mail.address.casefold().encode()
        local, _, domain = address.lower().rpartition(b"@")
        return not own or b"@".join((local.partition(b"+")[0], domain)) == own or address.lower() == own

    async def taken(self, raw: bytes) -> bytes:
        """Take a mail; the answer for each of its recipients."""
        async with self._turn:  # one at a time: reading a hostile mail costs memory
            try:
                await asyncio.to_thread(self._take, self._desk, raw)
            except MailError as error:
                LOG.warning("a mail was refused: %s", error)
                return b"554 5.6.0 no mail that this desk takes"
            except (DeskError, StoreError, OSError) as error:
                LOG.warning("a mail was put off: %s", type(error).__name__)
                return b"451 4.3.0 not now"
            except Exception as error:  # noqa: BLE001 - a mail that breaks the reader must not be lost, nor end the service
                LOG.warning("a mail broke its reader: %s", type(error).__name__)  # no traceback: it could quote the mail
                return b"451 4.3.0 not now"
        return b"250 2.0.0 taken"

    async def settled(self) -> None:
        """Wait for the mail that is being taken."""
        async with self._turn:
            return

    @property
    def seconds(self) -> float:
        """Of silence until a session ends."""
        return self._seconds


class _Session:
    """One conversation: greeting, envelope, mail, again."""

    def __init__(self, lmtp: Lmtp, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._lmtp, self._reader, self._writer = lmtp, reader, writer
        self._greeted = self._begun = False
        self._recipients = self._mails = self._faults = 0
        self._verbs: dict[bytes, Callable[[bytes], Awaitable[None]]] = {
            b"LHLO": self._lhlo, b"MAIL": self._mail, b"RCPT": self._rcpt, b"DATA": self._data, b"RSET": self._rset, b"NOOP": self._noop, b"VRFY": self._vrfy,
            b"HELP": self._help, b"QUIT": self._quit,
        }  # fmt: skip

    async def run(self) -> None:
        """Until it is over."""
        await _say(self._writer, b"220 troth desk LMTP")
        while True:
            line = await self._line()
            verb, _, rest = line.partition(b" ")
            act = self._verbs.get(verb.upper())
            if act is None:
                await self._fault(b"500 5.5.2 what is that?")
            else:
                await act(rest.strip(b" "))

    async def _line(self) -> bytes:
        """A line without its end; `_TOO_LONG` where there was none in as many bytes."""
        try:
            line = await asyncio.wait_for(self._reader.readuntil(b"\r\n"), self._lmtp.seconds)
        except asyncio.LimitOverrunError as error:
            # to the end of that line, so that its rest is not read as a command
            with contextlib.suppress(asyncio.IncompleteReadError):
                await self._skip(error.consumed)
            return _TOO_LONG
        return line[:-2] if len(line) <= _LINE else _TOO_LONG

    async def _skip(self, consumed: int) -> None:
        while True:
            await self._reader.readexactly(max(1, consumed))
            try:
                await asyncio.wait_for(self._reader.readuntil(b"\r\n"), self._lmtp.seconds)
            except asyncio.LimitOverrunError as error:
                consumed = error.consumed
            else:
                return

    async def _fault(self, answer: bytes) -> None:
        self._faults += 1
        if self._faults > _FAULTS:
            await _say(self._writer, b"421 4.7.0 too many mistakes")
            raise _EndError
        await _say(self._writer, answer)

    def _forget(self) -> None:
        self._begun, self._recipients = False, 0

    async def _lhlo(self, rest: bytes) -> None:
        if not rest:
            await self._fault(b"501 5.5.4 LHLO and a name")
            return
        self._greeted = True
        self._forget()
        await _say(self._writer, b"250-troth", b"250-PIPELINING", b"250-ENHANCEDSTATUSCODES", b"250-8BITMIME", b"250 SIZE %d" % MAX_BYTES)

    async def _mail(self, rest: bytes) -> None:
        found = _PATH.match(rest[5:].lstrip(b" ")) if rest[:5].upper() == b"FROM:" else None
        if not self._greeted or self._begun:
            await self._fault(b"503 5.5.1 not now")
        elif found is None:
            await self._fault(b"501 5.5.4 MAIL FROM:<address>")
        elif self._mails >= _MAILS:
            await _say(self._writer, b"452 4.5.3 enough in one session")
        else:
            await self._envelope(found.group(2))

    async def _envelope(self, options: bytes) -> None:
        for option in options.upper().split():
            name, _, value = option.partition(b"=")
            if name == b"SIZE" and value.isdigit() and len(value) <= 20:
                if int(value) > MAX_BYTES:
                    await _say(self._writer, b"552 5.3.4 larger than %d bytes" % MAX_BYTES)
                    return
            elif option not in (b"BODY=7BIT", b"BODY=8BITMIME"):
                await self._fault(b"555 5.5.4 that is not offered")
                return
        self._begun = True
        await _say(self._writer, b"250 2.1.0 ok")

    async def _rcpt(self, rest: bytes) -> None:
        found = _PATH.match(rest[3:].lstrip(b" ")) if rest[:3].upper() == b"TO:" else None
        if not self._begun:
            await self._fault(b"503 5.5.1 MAIL first")
        elif found is None or found.group(2) or not found.group(1):
            await self._fault(b"501 5.5.4 RCPT TO:<address>")
        elif self._recipients >= _RECIPIENTS:
            await _say(self._writer, b"452 4.5.3 too many recipients")
        elif not self._lmtp.wanted(found.group(1)):
            await self._fault(b"550 5.1.1 nobody of that name")
        else:
            self._recipients += 1
            await _say(self._writer, b"250 2.1.5 ok")

    async def _data(self, rest: bytes) -> None:
        if rest:
            await self._fault(b"501 5.5.4 DATA alone")
        elif not self._recipients:
            await self._fault(b"503 5.5.1 nobody to hand it to")
        else:
            await _say(self._writer, b"354 go on")
            raw = await self._content()
            answer = await self._lmtp.taken(raw) if raw is not None else b"552 5.3.4 larger than %d bytes" % MAX_BYTES
            # one for each recipient that was accepted, RFC 2033, 4.2
            await _say(self._writer, *[answer] * self._recipients)
            self._mails += 1
            self._forget()

    async def _content(self) -> bytes | None:
        """The mail; None where it is larger than a desk takes. It is read to its end all the same."""
        kept, size, begins = bytearray(), 0, True
        while True:
            piece, ends = await self._piece()
            if begins and ends and piece == b".\r\n":
                return bytes(kept) if size <= MAX_BYTES else None
            if begins and piece[:1] == b".":
                piece = piece[1:]
            size += len(piece)
            if size <= MAX_BYTES:
                kept += piece
            else:
                kept.clear()
            begins = ends

    async def _piece(self) -> tuple[bytes, bool]:
        """The next bytes up to the end of a line, or as many as fit, and whether the line ends there."""
        try:
            return await asyncio.wait_for(self._reader.readuntil(b"\r\n"), self._lmtp.seconds), True
        except asyncio.LimitOverrunError as error:
            return await self._reader.readexactly(max(1, error.consumed)), False

    async def _rset(self, _rest: bytes) -> None:
        self._forget()
        await _say(self._writer, b"250 2.0.0 ok")

    async def _noop(self, _rest: bytes) -> None:
        await _say(self._writer, b"250 2.0.0 ok")

    async def _vrfy(self, _rest: bytes) -> None:
        await _say(self._writer, b"252 2.5.0 send it and see")

    async def _help(self, _rest: bytes) -> None:
        await _say(self._writer, b"214 2.0.0 RFC 2033")

    async def _quit(self, _rest: bytes) -> None:
        await _say(self._writer, b"221 2.0.0 bye")
        raise _EndError


async def _say(writer: asyncio.StreamWriter, *lines: bytes) -> None:
    writer.write(b"".join(line + b"\r\n" for line in lines))
    await writer.drain()


async def listen(desk: Desk, path: Path, group: str = "", ready: Callable[[], None] | None = None) -> None:
    """Take mail at a socket until SIGTERM or SIGINT; a mail that is being taken is taken first.

    Args:
        desk: that takes it.
        path: of the socket; one that nobody listens at is replaced.
        group: who may connect beside the owner of the process; nobody else without it.
        ready: told once mail can come.

    Raises:
        SettingsError: the socket cannot be made, or somebody listens there.
    """
    stop, lmtp = asyncio.Event(), Lmtp(desk)
    sessions: set[asyncio.Task[None]] = set()

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            sessions.add(task)
            task.add_done_callback(sessions.discard)
        await lmtp.session(reader, writer)

    loop = asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(ValueError, RuntimeError, NotImplementedError):  # only the main thread hears signals
            loop.add_signal_handler(one, stop.set)
    before = os.umask(0o177)
    try:
        await _make_way(path)
        server = await asyncio.start_unix_server(session, path, limit=64 * 1024)
        if group:
            _open_to(path, group)
    except OSError as error:
        raise SettingsError(f"cannot listen at {path}: {error.strerror or error}") from error
    finally:
        os.umask(before)
    if ready is not None:
        ready()
    await stop.wait()
    server.close()
    path.unlink(missing_ok=True)
    await lmtp.settled()
    for task in list(sessions):
        task.cancel()


async def _make_way(path: Path) -> None:
    """Take away a socket at which nobody listens any more; anything else stays.

    Raises:
        SettingsError: something is there.
    """
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise SettingsError(f"{path} is no socket; it was left as it is")
    try:
        _reader, writer = await asyncio.open_unix_connection(path)
    except ConnectionRefusedError:
        path.unlink()
    else:
        writer.close()
        raise SettingsError(f"somebody listens at {path} already")


def _open_to(path: Path, group: str) -> None:
    import grp

    try:
        os.chown(path, -1, grp.getgrnam(group).gr_gid)
    except KeyError as error:
        raise SettingsError(f"there is no group {group[:40]!r}") from error
    path.chmod(0o660)
