"""What a run shows about the process and its network: where it listens, as whom it runs, what it sends in clear, which settings hold, what ends it."""

from __future__ import annotations

import ipaddress
import os
import secrets
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from troth.guard.prove.trying import seen, takes

__all__ = ["Listening", "container", "crashes", "defaults", "sends"]

Told = dict[str, object]


class Listening:
    """An audit hook that notes which addresses the program binds while it is set up and tried."""

    def __init__(self) -> None:
        self.hosts: list[str] = []
        self.active = True
        sys.addaudithook(self._note)

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if (
            self.active
            and event == "socket.bind"
            and len(arguments) > 1
            and isinstance(arguments[1], tuple)
            and arguments[1]
        ):
            self.hosts.append(str(arguments[1][0]))

    def told(self) -> Told | None:
        """Nothing where the program listens nowhere, or where only its networks could say whether the address is isolated."""
        self.active = False
        if not self.hosts:
            return None
        kinds = {host: _kind(host) for host in self.hosts}
        wide = [host for host, kind in kinds.items() if kind == "every"]
        if wide:
            return seen("network/isolated", False, f"It listens on every interface ({wide[0] or 'an empty host'})")
        others = [host for host, kind in kinds.items() if kind == "other"]
        if others:
            return seen("network/isolated", None, "It listens on an address of a network that a run cannot judge")
        return seen("network/isolated", True, f"{len(self.hosts)} sockets were bound, all of them to loopback")


def _kind(host: str) -> str:
    if host in ("", "0.0.0.0", "::", "<any>"):  # noqa: S104 - looked for, not bound
        return "every"
    with suppress(ValueError):
        found = ipaddress.ip_address(host.split("%", maxsplit=1)[0])
        return "loopback" if found.is_loopback else "every" if found.is_unspecified else "other"
    return "loopback" if host == "localhost" else "other"


def container(door: Callable[..., object]) -> list[Told]:
    """As whom the process runs after it was set up. Only where the program says that this is its own image, and where the kernel shows that it is one: a developer's own container proves nothing about it."""
    door()
    inside = (
        any(Path(mark).exists() for mark in ("/.dockerenv", "/run/.containerenv"))
        or "KUBERNETES_SERVICE_HOST" in os.environ
    )
    status = Path("/proc/self/status")
    if not inside or not status.exists():
        return [seen("container/non-root", None, "Nothing shows that this run is inside a container")]
    told = dict(line.split(":\t", 1) for line in status.read_text(errors="replace").splitlines() if ":\t" in line)
    users = {int(user) for user in told.get("Uid", "0").split()}
    powers = int(told.get("CapEff", "1"), 16) | int(told.get("CapPrm", "1"), 16)
    plain = 0 not in users
    rows = [
        seen(
            "container/non-root",
            plain,
            "The process runs as an ordinary user" if plain else "The process runs as root in its container",
        )
    ]
    hard = not powers and told.get("NoNewPrivs", "0").strip() == "1" and bool(os.statvfs("/").f_flag & os.ST_RDONLY)
    if not hard:  # held by three properties, but the promise may speak of another: a run only ever breaks this one
        rows.append(
            seen(
                "container/hardened",
                False if powers else None,
                "The process holds capabilities"
                if powers
                else "Its root is writable, or what it starts can gain rights",
            )
        )
    return rows


_SAFE: Final[Mapping[str, tuple[object, ...]]] = {
    "device": ("cpu",), "dtype": ("float32",), "debug": (False,), "verify": (True,), "verify_tls": (True,), "tls": (True,), "validation": (True,), "host": ("127.0.0.1", "::1", "localhost"),
    "weights_only": (True,), "trust_remote_code": (False,), "redact": (True,), "allow_pickle": (False,), "sandbox": (True,),
}  # fmt: skip


def defaults(door: Callable[..., object]) -> Told:
    """The settings that hold when nobody set any; only those with one safe value are judged."""
    try:
        held = door()
    except Exception:  # noqa: BLE001 - the program cannot tell
        return seen("defaults/safe", None, "The settings could not be read")
    known = (
        {str(name): value for name, value in held.items() if str(name) in _SAFE} if isinstance(held, Mapping) else {}
    )
    unsafe = [
        name
        for name, value in known.items()
        if not any(value is safe or (isinstance(safe, str) and value == safe) for safe in _SAFE[name])
    ]
    if not known:
        return seen("defaults/safe", None, "None of the settings has one safe value that is known")
    return seen(
        "defaults/safe",
        not unsafe,
        f"By default {unsafe[0]} is not the safe value"
        if unsafe
        else f"{len(known)} settings are the safe ones by default",
    )


_BYTES: Final = (
    b"",
    b"\0" * 4096,
    b"\xff\xfe" * 999,
    b"[" * 200_000,
    b"{" * 200_000,
    b'{"a":' * 50_000,
    b"9" * 200_000,
    b"1e999999",
    b"(" * 100_000,
    b"%n%s%x" * 99,
    b"\xed\xa0\x80",
    b"<" * 99_999,
    b"-" * 50_000,
    b"\x80\x04\x95",
    b"PK\x03\x04",
    b"a" * 10**6,
)


def crashes(door: Callable[..., object]) -> Told:
    """Each hostile input in a process of its own: an exception is an answer, a signal or an exit is none."""
    control = "errors/no-crash"
    try:
        fine = _ends(door, b"1")
    except OSError:
        return seen(
            control, None, "Here no process can be started, so that none can be seen to end (--without-walls can)"
        )
    if fine != "answered":
        return seen(control, None, "The door refused the benign twin `1`")
    ended = [(value, how) for value in _BYTES if (how := _ends(door, value)) not in ("answered", "raised")]
    if ended:
        return seen(
            control,
            False,
            f"{len(ended)} of {len(_BYTES)} inputs ended the process, the first: {ended[0][0][:20]!r} ({ended[0][1]})",
        )
    return seen(
        control, True, f"{len(_BYTES)} hostile inputs were answered or refused by an exception; none ended the process"
    )


def _ends(door: Callable[..., object], value: bytes, seconds: float = 10.0) -> str:
    child = os.fork()
    if child == 0:
        signal.alarm(int(seconds) + 1)
        code = 4
        try:
            door(value)
            code = 2
        except Exception:  # noqa: BLE001 - an exception is an answer
            code = 3
        except BaseException:  # noqa: BLE001 - SystemExit and the like: the program would have ended
            code = 4
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return f"signal {os.WTERMSIG(status)}"
    return {2: "answered", 3: "raised"}.get(os.WEXITSTATUS(status), "it left")


def sends(door: Callable[..., object], folder: str) -> Told:
    """What the program sends to another node must reach one that shows the right certificate, and nobody else."""
    control = "transport/tls-required"
    try:
        from troth.guard.prove.listeners import listeners
    except ImportError:
        return seen(control, None, "The library that makes certificates (cryptography) is not installed")
    marker = f"canary-{secrets.token_hex(16)}".encode()
    try:
        with listeners(Path(folder)) as (places, authority):
            for place in places.values():
                takes(door, "127.0.0.1", place.port, marker, str(authority))
                place.finish()
            leaked = [
                name for name, place in places.items() if name != "the right certificate" and marker in place.data
            ]
            reached = marker in places["the right certificate"].data
    except OSError:
        return seen(
            control, None, "Here nothing can listen, so that nothing can be seen on the wire (--without-walls can)"
        )
    if leaked:
        return seen(control, False, f"What was sent arrived readable at a listener with {leaked[0]}")
    if not reached:
        return seen(
            control,
            None,
            "Nothing arrived at the listener with the right certificate either, so the refusals prove nothing",
        )
    return seen(control, True, f"Of {len(places)} listeners only the one with the right certificate received it")
