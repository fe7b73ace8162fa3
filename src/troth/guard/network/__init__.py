"""Keeps a program on the networks that it was meant for: `isolate()` stops Python code that listens on, connects to or asks for anything else.

    isolate()                                   # this machine only
    isolate(["10.20.0.0/16"], names=["db.internal"])

An audit hook (PEP 578): it sees sockets that Python opens, not those of C libraries, and cannot be removed by the code it watches. A net for mistakes - a server that
listens on every interface, a library that reports home - not a wall against hostile code: that is `guard.sandbox`, or a network namespace.
"""

from __future__ import annotations

from troth.guard.network.isolation import Isolation, NetworkRefusedError, isolate

__all__ = ["Isolation", "NetworkRefusedError", "isolate"]
