"""Code cells of a Jupyter notebook as one Python text, with the line of the file that each line of it stands on.

Magics (`%time`, `x = !ls`, `thing?`) are no Python and become `pass`; a notebook of another language holds none; a cell of another language (`%%bash`) is left out whole. A notebook that is no JSON, or holds no
cells, is an error to name, not a file without findings.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

__all__ = ["Notebook", "notebook"]

_MAGIC: Final = re.compile(r"\s*(?:[%!?]|[\w, .\[\]\"']+=\s*[!%]|[\w.]+\?{1,2}\s*\Z)")
Notebook = tuple[bytes, list[int]]
"""Python text in UTF-8, and for each of its lines the line of the notebook's file, from 1."""


def notebook(data: bytes) -> Notebook:
    """The code of a notebook.

    Raises:
        ValueError: it is no notebook; the message says why.
    """
    text = data.decode("utf-8-sig", "replace")
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError("it is no JSON") from error
    cells = _cells(body)
    lines: list[str] = []
    places: list[int] = []
    at = 0
    counted, place = 0, 1
    for source in cells:
        foreign = bool(source) and source[0].startswith("%%") and not source[0].startswith(("%%time", "%%capture"))
        for line in source:
            found = _find(text, line, at)
            if found >= 0:
                at = found
                place += text.count("\n", counted, at)
                counted = at
            lines.append("" if foreign else _python(line.rstrip("\r\n")))
            places.append(place)
    return "\n".join([*lines, ""]).encode("utf-8", "replace"), [*places, place]


def _python(line: str) -> str:
    """A line without what only IPython understands; `pass` keeps a block whole."""
    return line[: len(line) - len(line.lstrip())] + "pass" if _MAGIC.match(line) else line


def _cells(body: Any) -> list[list[str]]:  # noqa: ANN401 - any JSON
    if isinstance(body, dict) and _language(body) not in ("", "python", "ipython"):
        return []
    cells = body.get("cells") if isinstance(body, dict) else None
    if cells is None and isinstance(body, dict) and isinstance(body.get("worksheets"), list):
        cells = [cell for sheet in body["worksheets"] if isinstance(sheet, dict) for cell in sheet.get("cells") or ()]
    if not isinstance(cells, list):
        raise ValueError("it holds no cells")  # noqa: TRY004 - the form of a file, not a type
    found = []
    for cell in cells:
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = cell.get("source", cell.get("input", ""))
            text = "".join(map(str, source)) if isinstance(source, list) else str(source)
            found.append(text.splitlines(keepends=True))
    return found


def _language(body: dict[str, Any]) -> str:
    """The language that a notebook says it is written in, lower case; empty where it does not say."""
    about = body.get("metadata")
    parts = [about.get(name) for name in ("language_info", "kernelspec")] if isinstance(about, dict) else []
    said = [part.get("name" if at == 0 else "language") for at, part in enumerate(parts) if isinstance(part, dict)]
    return next((item.lower() for item in said if isinstance(item, str) and item), "")


def _find(text: str, line: str, start: int) -> int:
    """Where a source line stands in the file, as JSON writes it; -1 where it cannot be found."""
    for ascii_only in (False, True):
        wanted = json.dumps(line, ensure_ascii=ascii_only)[1:-1]
        found = text.find(wanted, start) if wanted else -1
        if found >= 0:
            return found
    return -1
