"""The short way to `troth secrets scan PATH` without options, which hooks and editors run once per file: the same scan, text and exit code without
the library that reads options, whose import costs as much as the scan. Whatever does not go smoothly is left to the long way, which says it properly.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from troth.engines.secrets.output import as_text
from troth.engines.secrets.worktree import scan_tree
from troth.errors import exit_code

__all__ = ["answered"]


def answered(path: str) -> int | None:
    """Scan a file or directory and print the report.

    Returns:
        The exit code, or None where the long way has to be gone (nothing was printed).
    """
    try:
        report = scan_tree(Path(path))
        text = as_text(report)
        text.encode(sys.stdout.encoding or "ascii")
    except KeyboardInterrupt as error:
        sys.stderr.write("interrupted\n")
        return exit_code(error)
    except Exception:  # noqa: BLE001 - the command line does it again and tells the user what is wrong, in its own words
        return None
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    return 2 if report.unfinished else 1 if report.open else 0
