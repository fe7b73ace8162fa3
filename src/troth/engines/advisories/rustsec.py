"""RustSec's advisories: Markdown whose first block is TOML. What is affected is everything but `patched` and `unaffected`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from troth.engines.advisories.intervals import Interval, all_but
from troth.engines.advisories.records import Affected, Record, Span, moment, normalised
from troth.engines.advisories.wishes import intervals_of
from troth.engines.documents import DocumentError, parse_toml
from troth.engines.documents.plain import Plain, as_list, as_map, as_text
from troth.errors import FormatError

__all__ = ["rustsec"]

_FRONT: Final = re.compile(r"\s*```toml\n(.*?)^```\s*$(.*)", re.DOTALL | re.MULTILINE)
_TITLE: Final = re.compile(r"^# +(.+)$", re.MULTILINE)


def rustsec(text: str) -> Record:
    """An advisory of RustSec.

    Raises:
        FormatError: it is none.
    """
    match = _FRONT.match(text)
    if match is None:
        raise FormatError("it does not begin with a block of TOML")
    try:
        data = parse_toml(match.group(1))
    except DocumentError as error:
        raise FormatError(error.says) from error
    advisory = as_map(data.get("advisory"))
    identity, name = as_text(advisory.get("id")), as_text(advisory.get("package"))
    if not identity or not name:
        raise FormatError("it has no id or no package")
    title = _TITLE.search(match.group(2))
    date = str(advisory.get("date", ""))
    taken_back = str(advisory.get("withdrawn") or "")
    spans = _spans(as_map(data.get("versions")))
    return Record(
        identity,
        tuple(as_text(each)[:200] for each in as_list(advisory.get("aliases"))[:100]),
        (title.group(1).strip() if title else "")[:200],
        as_text(advisory.get("cvss"))[:200],
        as_text(advisory.get("informational")) or "vulnerability",
        moment(taken_back or date),
        bool(taken_back),
        (Affected("cargo", normalised("cargo", name), spans),),
    )


def _spans(versions: Mapping[str, Plain]) -> tuple[Span, ...]:
    holes: list[Interval] = []
    for field in ("patched", "unaffected"):
        for wish in as_list(versions.get(field)):
            found = intervals_of("cargo", as_text(wish))
            if found is None:
                raise FormatError(f"{as_text(wish)[:60]!r} is no range")
            holes += found
    return tuple(
        (
            part.low.text if part.low else None,
            part.low is not None and part.low.inside,
            part.high.text if part.high else None,
            part.high is not None and part.high.inside,
        )
        for part in all_but(holes)
    )
