"""Switches security features of a repository on: those that are off and asked for, and no others. `undo` switches exactly these off again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from troth.jobs.handler import Change, Diff, HandlerError, Outcome, Reader, Tools
from troth.jobs.handlers.forge_client import ForgeClient, below
from troth.jobs.handlers.patching import text_of
from troth.jobs.request import JobRequest

__all__ = ["FEATURES", "SecurityFeatures"]

Look = Callable[[ForgeClient], bool]
Turn = Callable[[ForgeClient, bool], None]


def _analysis(name: str) -> tuple[Look, Turn]:
    def look(forge: ForgeClient) -> bool:
        status = below(forge.object(""), "security_and_analysis", name, "status")
        if not isinstance(status, str):
            raise HandlerError("not-shown", "The forge does not show its security settings to this token.")
        return status == "enabled"

    def turn(forge: ForgeClient, on: bool) -> None:
        forge.send("PATCH", "", {"security_and_analysis": {name: {"status": "enabled" if on else "disabled"}}})

    return look, turn


def _switch(path: str, *, empty: bool = False) -> tuple[Look, Turn]:
    def look(forge: ForgeClient) -> bool:
        if empty:
            return forge.send("GET", path, allowed=(204, 404))[0] == 204
        return below(forge.object(path, missing=True), "enabled") is True

    def turn(forge: ForgeClient, on: bool) -> None:
        forge.send("PUT" if on else "DELETE", path)

    return look, turn


def _default_setup() -> tuple[Look, Turn]:
    path = "/code-scanning/default-setup"

    def look(forge: ForgeClient) -> bool:
        return below(forge.object(path), "state") == "configured"

    def turn(forge: ForgeClient, on: bool) -> None:
        forge.send("PATCH", path, {"state": "configured" if on else "not-configured"}, allowed=(200, 202))

    return look, turn


FEATURES: Final[dict[str, tuple[Look, Turn]]] = {
    "secret-scanning": _analysis("secret_scanning"),
    "push-protection": _analysis("secret_scanning_push_protection"),
    "dependabot-alerts": _switch("/vulnerability-alerts", empty=True),
    "security-updates": _switch("/automated-security-fixes"),
    "private-reporting": _switch("/private-vulnerability-reporting"),
    "code-scanning": _default_setup(),
}
"""Name -> how to see whether it is on, and how to turn it. In the order in which they stand on each other."""


class SecurityFeatures:
    """Parameters: `repository`, `api`, `features`."""

    name = "security-features"
    safe_to_retry = True

    def plan(self, request: JobRequest, reader: Reader) -> Diff:
        """One change for each feature that is off."""
        forge = ForgeClient(request, reader)
        off = [name for name in _wanted(request) if not FEATURES[name][0](forge)]
        if not off:
            raise HandlerError("nothing-to-do", "All of them are on.")
        changes = tuple(Change(f"{forge.repository}: {name}", "change", f"{name}: off -> on") for name in off)
        return Diff(f"Switch on {', '.join(off)}", changes)

    def act(self, request: JobRequest, diff: Diff, tools: Tools) -> Outcome:
        """Switch them on, and look."""
        forge = ForgeClient(request, tools)
        names = _planned(diff)
        for name in names:
            look, turn = FEATURES[name]
            turn(forge, True)
            if not look(forge) and name != "code-scanning":
                raise HandlerError("not-as-asked", f"The forge took the order and {name} is still off.")
        return Outcome(f"Switched on {', '.join(names)}.", {"features": list(names)})

    def undo(self, request: JobRequest, diff: Diff, tools: Tools) -> Outcome:
        """Switch them off again, last first."""
        forge = ForgeClient(request, tools)
        names = _planned(diff)
        for name in reversed(names):
            FEATURES[name][1](forge, False)
        return Outcome(f"Switched off {', '.join(names)}.", {"features": list(names)})


def _wanted(request: JobRequest) -> list[str]:
    listed = request.params.get("features")
    names = {str(name) for name in listed} if isinstance(listed, list) else {text_of(request.params, "features")}
    if not names <= set(FEATURES):
        raise HandlerError("feature", "The request names a feature that this handler does not know.")
    return [name for name in FEATURES if name in names]


def _planned(diff: Diff) -> tuple[str, ...]:
    return tuple(one.target.rpartition(": ")[2] for one in diff.changes)
