"""The policies that a desk was opened with: text, settings and sentences, by digest, so that every case keeps the promise that its reporter read.

Rules: a policy is read once, when it is brought in (that needs the catalogue); from then on the desk works from the record, which never changes. Policies are
public texts and lie in the clear.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from troth.desk.policy_record import from_json, to_json
from troth.desk.promises import DeskPolicy
from troth.errors import DeskError, SettingsError
from troth.terms.place import Place

__all__ = ["Policies", "PolicyRecord", "bring_in", "remarks"]

_CURRENT: Final = "current"


@dataclass(frozen=True, slots=True)
class PolicyRecord:
    """One policy as the desk keeps it.

    Attributes:
        digest: SHA-256 of the text, hex; empty where the desk has no policy.
        policy: its settings.
        sentences: line -> the sentence that begins there.
    """

    digest: str
    policy: DeskPolicy
    sentences: Mapping[int, str]

    def says(self, place: Place | None) -> str:
        """The policy's own words at a place; empty where there are none."""
        return self.sentences.get(place.line, "") if place is not None else ""


EMPTY: Final = PolicyRecord("", DeskPolicy(""), {})


def bring_in(folder: Path, path: Path) -> PolicyRecord:
    """Read a policy and make it the current one.

    Args:
        folder: of the desk.
        path: of the policy.

    Raises:
        PolicyError: it cannot be read.
    """
    from troth.check.catalogue import load
    from troth.desk.promise_reading import desk_policy
    from troth.policy import read_bytes
    from troth.policy.match import match

    try:
        data = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"the policy {path} cannot be read: {error.strerror}") from error
    reading = read_bytes(data, path.name)
    policy = desk_policy(reading, match(reading.statements, load()))
    sentences: dict[int, str] = {}
    for statement in reading.statements:
        words = " ".join(statement.text.split())[:300]
        sentences[statement.line] = f"{sentences[statement.line]} {words}"[:300] if statement.line in sentences else words
    store = folder / "policies"
    store.mkdir(mode=0o700, exist_ok=True)
    record = {"digest": reading.digest, "policy": to_json(policy), "sentences": {str(line): text for line, text in sentences.items()}}
    (store / f"{reading.digest}.json").write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")
    (store / f"{reading.digest}.md").write_text(reading.text, encoding="utf-8")
    (store / _CURRENT).write_text(reading.digest, encoding="ascii")
    return PolicyRecord(reading.digest, policy, sentences)


def remarks(path: Path) -> tuple[tuple[int, str, str], ...]:
    """What the desk has to say about a policy: line, sentence, and what the desk does as long as it stays so; the gravest first.

    Raises:
        PolicyError: it cannot be read.
    """
    from troth.check.catalogue import load
    from troth.desk.lint import lint_desk
    from troth.desk.promise_reading import desk_policy
    from troth.policy import read_bytes
    from troth.policy.match import match

    reading = read_bytes(path.read_bytes(), path.name)
    promises = match(reading.statements, load())
    return tuple((one.places[0].line if one.places else 0, one.says, one.desk) for one in lint_desk(reading, promises, desk_policy(reading, promises)))


class Policies:
    """Reads the records; each once.

    Args:
        folder: of the desk.
        settled: numbers that the owner gave for promises without one.
    """

    def __init__(self, folder: Path, settled: Mapping[str, str]) -> None:
        self._folder = folder / "policies"
        self._settled = dict(settled)
        self._current: tuple[int, PolicyRecord] | None = None
        self._known: dict[str, PolicyRecord] = {"": self._with_settled(EMPTY)}

    def current(self) -> PolicyRecord:
        """The policy in force; an empty one where none was brought in."""
        try:
            changed = (self._folder / _CURRENT).stat().st_mtime_ns
        except FileNotFoundError:
            return self.get("")
        if self._current is None or self._current[0] != changed:
            self._current = (changed, self.get((self._folder / _CURRENT).read_text(encoding="ascii").strip()))
        return self._current[1]

    def get(self, digest: str) -> PolicyRecord:
        """A policy by its digest.

        Raises:
            DeskError: the record is missing or damaged.
        """
        if digest not in self._known:
            try:
                raw = json.loads((self._folder / f"{digest}.json").read_text(encoding="utf-8"))
                record = PolicyRecord(raw["digest"], from_json(raw["policy"]), {int(line): text for line, text in raw["sentences"].items()})
            except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
                raise DeskError(f"the record of the policy {digest[:12]} is missing or damaged") from error
            self._known[digest] = self._with_settled(record)
        return self._known[digest]

    def text(self, digest: str) -> str:
        """The policy's text; empty where the desk has none."""
        path = self._folder / f"{digest}.md"
        return path.read_text(encoding="utf-8") if digest and path.is_file() else ""

    def _with_settled(self, record: PolicyRecord) -> PolicyRecord:
        policy = record.policy
        for name, span in self._settled.items():
            policy = policy.settled(name, span)
        return PolicyRecord(record.digest, policy, record.sentences)
