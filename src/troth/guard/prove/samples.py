"""Runs one code sample of a policy and says what came of it. Called inside the sandbox."""

from __future__ import annotations

import importlib.util
import traceback
from collections.abc import Mapping
from typing import Any

__all__ = ["run_sample"]

_FILE = "<sample>"


def run_sample(payload: Mapping[str, Any]) -> dict[str, object]:
    """Run a sample of Python.

    Args:
        payload: `code`, and `own`: top-level modules of the tree.

    Returns:
        `held`: True (it ran to its end), False (it names what is not there, or calls it wrongly), None (it needs what is not here); `says`: one sentence.
    """
    code, own = str(payload["code"]), {str(name) for name in payload.get("own", ())}
    try:
        compiled = compile(code, _FILE, "exec", dont_inherit=True)
    except SyntaxError as error:
        return _told(False, f"It is no Python (line {error.lineno} of it)")
    try:
        exec(compiled, {"__name__": "sample"})  # noqa: S102 - that is what was asked for, and a sandbox stands around it
    except NameError as error:
        return _told(None, f"It takes {error.name!r} from elsewhere, so it does not run by itself")
    except ModuleNotFoundError as error:
        return _missing(str(error.name or ""), own)
    except ImportError as error:
        mine = str(error.name or "").partition(".")[0] in own
        return _told(False if mine else None, f"{error.name} has no such name: {_line(error)}")
    except (AttributeError, TypeError) as error:
        frames = traceback.extract_tb(error.__traceback__)
        if frames and frames[-1].filename == _FILE:
            return _told(
                False, f"What it calls is not there, or takes other arguments: {type(error).__name__}, {_line(error)}"
            )
        return _told(None, f"Something that it calls failed: {type(error).__name__}")
    except BaseException as error:  # noqa: BLE001 - whatever a sample raises is told, also SystemExit
        return _told(None, f"It needs what is not here: {type(error).__name__}, {_line(error)}")
    return _told(True, "It ran to its end")


def _missing(name: str, own: set[str]) -> dict[str, object]:
    top = name.partition(".")[0]
    if top in own and (name != top or importlib.util.find_spec(top) is not None):
        return _told(False, f"The tree has no module {name}")
    return _told(None, f"The module {name} is not installed here")


def _told(held: bool | None, says: str) -> dict[str, object]:
    return {"held": held, "says": says[:250]}


def _line(error: BaseException) -> str:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == _FILE]
    return f"line {frames[-1].lineno} of it" if frames else "before its first line"
