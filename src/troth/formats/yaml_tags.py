"""Tags of YAML: calls for readers that are not the safe one. Found by the parser's own events, so that directives, comments, quotes and escapes mean what they mean to readers."""

from __future__ import annotations

import re
from typing import Final

from troth.formats.verdict import Refusal

__all__ = ["YAML_LIMIT", "check_tags", "load"]

YAML_LIMIT: Final = 1 << 18
"""Characters; readers take seconds for a megabyte. Larger files are data, unless they hold a key that loaders follow."""
_VALUES: Final = 200_000
_DEPTH: Final = 200
_STANDARD: Final = re.compile(r"tag:yaml\.org,2002:(?:str|int|float|bool|null|seq|map|timestamp|binary|set|omap|pairs|merge|value)\Z|!\Z")
_TAG: Final = re.compile(r"(?:^|[\s\[{,:-])(!(?:!|<tag:)?python[/\w.:>-]*|!<[^>]*>|![A-Za-z_][\w/:.]*)", re.MULTILINE)
_ESCAPED: Final = re.compile(r"!(?:[A-Za-z0-9-]*!|<)[^\s,\[\]{}]*%[0-9A-Fa-f]{2}")
_DIRECTIVE: Final = re.compile(r"^%TAG\b", re.MULTILINE)


def check_tags(text: str) -> None:
    """Refuse tags that build objects.

    Raises:
        Refusal: `yaml-tag`.
    """
    directive = _DIRECTIVE.search(text)
    if directive is not None:
        raise Refusal("yaml-tag", "a directive that gives tags another meaning, which no settings need", len(text[: directive.start()].encode()), "%TAG")
    if "!" not in text:
        return
    if len(text) > YAML_LIMIT or not _by_events(text):
        _by_text(text)


def _by_events(text: str) -> bool:
    """Look at every tag that the parser meets; False where it gives up, and other readers might not."""
    import yaml

    try:
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            tag = getattr(event, "tag", None)
            if tag is not None and not _STANDARD.match(tag):
                raise Refusal("yaml-tag", f"the tag {tag[:80]} makes unsafe loaders build objects", len(text[: getattr(event.start_mark, "index", 0)].encode()), tag[:200])
    except (yaml.YAMLError, ValueError, RecursionError):
        return False
    return True


def _by_text(text: str) -> None:
    for pattern in (_ESCAPED, _TAG):
        found = pattern.search(text)
        if found is not None:
            raise Refusal("yaml-tag", f"the tag {found[0].strip()[:80]} makes unsafe loaders build objects", len(text[: found.start()].encode()), found[0].strip()[:200])


def load(text: str) -> object:
    """The value (a list of values where there are several documents); None where the safe reader takes none."""
    import yaml

    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        documents = list(yaml.load_all(text, Loader=loader))
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    found = documents[0] if len(documents) == 1 else documents
    if "*" in text:
        _expanded(found, {}, set())
    return found


def _expanded(value: object, known: dict[int, int], open_: set[int]) -> int:
    """How many values there are when aliases are written out: whoever walks through settings walks through all of them.

    Raises:
        Refusal: `shared-bomb`, also for a value that holds itself.
    """
    if not isinstance(value, (dict, list)):
        return 1
    if id(value) in known:
        return known[id(value)]
    if id(value) in open_:
        raise Refusal("shared-bomb", "a value that holds itself")
    if len(open_) > _DEPTH:
        raise Refusal("nesting", "nested too deep")
    open_.add(id(value))
    size = 1 + sum(_expanded(inner, known, open_) for inner in (value.values() if isinstance(value, dict) else value))
    if size > _VALUES:
        raise Refusal("shared-bomb", f"aliases stand for more than {_VALUES} values")
    open_.discard(id(value))
    known[id(value)] = size
    return size
