"""Mail servers of a few lines, over real TLS with certificates of a test authority: what the desk says to them is kept."""

from __future__ import annotations

import contextlib
import re
import socketserver
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import trustme

AUTHORITY = trustme.CA()


def server_context(authority: trustme.CA = AUTHORITY) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@dataclass
class Said:
    """What a server heard: lines in the clear, lines under TLS, and mails."""

    clear: list[str] = field(default_factory=list)
    secret: list[str] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)
    flags: dict[int, set[str]] = field(default_factory=dict)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, request, client_address) -> None:
        """A client that breaks off is part of the tests."""


@contextlib.contextmanager
def running(handler: type, **options) -> Iterator[int]:
    with _Server(("localhost", 0), handler) as server:
        for name, value in options.items():
            setattr(server, name, value)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join(10)


class Smtp(socketserver.StreamRequestHandler):
    """`server.said`, `server.context` (None: no TLS is offered)."""

    def handle(self) -> None:
        secret = False
        self.wfile.write(b"220 test\r\n")
        while line := self.rfile.readline():
            text = line.decode().strip()
            (self.server.said.secret if secret else self.server.said.clear).append(text)
            word = text.split(" ")[0].upper()
            if word == "EHLO":
                self.wfile.write(b"250-test\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n" if self.server.context is not None and not secret else b"250-test\r\n250 AUTH PLAIN\r\n")
            elif word == "STARTTLS":
                self.wfile.write(b"220 go\r\n")
                self.wfile.flush()
                self.request = self.server.context.wrap_socket(self.request, server_side=True)
                self.setup()
                secret = True
            elif word == "AUTH":
                self.wfile.write(b"235 in\r\n")
            elif word == "DATA":
                self.wfile.write(b"354 go\r\n")
                lines = []
                while (one := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(one)
                self.server.said.mails.append(b"".join(lines))
                self.wfile.write(b"250 taken\r\n")
            elif word == "QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 ok\r\n")


class Imap(socketserver.StreamRequestHandler):
    """A mailbox of `server.said.mails`, numbered from 1, behind `server.context`; flags are kept, EXPUNGE removes."""

    def setup(self) -> None:
        self.request = self.server.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def handle(self) -> None:
        said = self.server.said
        self.wfile.write(b"* OK [CAPABILITY IMAP4rev1] test\r\n")
        while line := self.rfile.readline():
            tag, _, rest = line.decode().strip().partition(" ")
            said.secret.append(rest)
            words = rest.upper()
            if words.startswith("LOGIN") and "wrong" in rest:
                self.wfile.write(f"{tag} NO never\r\n".encode())
                continue
            if words.startswith("CAPABILITY"):
                self.wfile.write(b"* CAPABILITY IMAP4rev1\r\n")
            elif words.startswith("SELECT"):
                self.wfile.write(f"* {len(said.mails)} EXISTS\r\n".encode())
            elif words.startswith("UID SEARCH"):
                found = [str(at) for at, mail in enumerate(said.mails, 1) if mail and not said.flags.get(at)]
                self.wfile.write(f"* SEARCH {' '.join(found)}\r\n".encode())
            elif words.startswith("UID FETCH"):
                at = int(words.split()[2])
                mail = said.mails[at - 1]
                if "SIZE" in words:
                    self.wfile.write(f"* {at} FETCH (UID {at} RFC822.SIZE {max(len(mail), self.server.sizes.get(at, 0))})\r\n".encode())
                else:
                    self.wfile.write(f"* {at} FETCH (UID {at} BODY[] {{{len(mail)}}}\r\n".encode() + mail + b")\r\n")
            elif words.startswith("UID STORE"):
                said.flags.setdefault(int(words.split()[2]), set()).update(re.findall(r"\\\w+", rest))
            elif words.startswith("EXPUNGE"):
                for at, flags in said.flags.items():
                    if r"\Deleted" in flags:
                        said.mails[at - 1] = b""
            elif words.startswith("LOGOUT"):
                self.wfile.write(f"* BYE bye\r\n{tag} OK bye\r\n".encode())
                return
            self.wfile.write(f"{tag} OK done\r\n".encode())
