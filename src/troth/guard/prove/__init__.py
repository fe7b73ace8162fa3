"""Tries a running program's guards from inside: canaries through its log handlers, and attacks on the doors that it names. Used by `troth prove`."""

from troth.guard.prove.driver import DOORS, observe

__all__ = ["DOORS", "observe"]
