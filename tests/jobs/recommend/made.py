"""Facts for tests of modules, without a check."""

from __future__ import annotations

from collections.abc import Mapping

from troth.jobs.recommend.checking import checked, results
from troth.jobs.recommend.facts import Complaint, Facts, Seen, SourceFile
from troth.jobs.recommend.module import Module, Reference, loaded
from troth.jobs.recommend.recommendation import Advice, Gap, Recommendation


def module(name: str) -> Module:
    return loaded(Reference(name, f"troth.jobs.recommend.modules.{name.replace('-', '_')}:MODULE"))


def complaint(control: str, *seen: tuple[str, int, str], text: str = "We do it.", because: str = "It is not done.", how: str = "absent", line: int = 1, quote: str = "", verdict: str = "broken", **params: object) -> Complaint:
    shown = tuple(Seen(path, at, says) for path, at, says in seen)
    return Complaint(f"{control}-{line}", control, verdict, how, "SECURITY.md", line, quote or text, text, because, "Mend it.", params, shown)  # type: ignore[arg-type]


def facts(complaints: list[Complaint], files: Mapping[str, str], *, commits: Mapping[str, str] | None = None, more: tuple[str, ...] = (), repository: str = "", branch: str = "") -> Facts:
    texts = {path: SourceFile(path, text) for path, text in files.items()}
    paths = dict.fromkeys(sorted({*files, *more}), "100644")
    return Facts(tuple(complaints), texts, paths, commits or {}, repository, branch)


def advice(name: str, given: Facts) -> list[Advice]:
    """What the module says, each piece held against the facts as the host does."""
    return [checked(one, given, name) for one in module(name).recommend(given)]


def after(name: str, given: Facts) -> dict[str, str]:
    """Texts of the files that the module's patches change."""
    found: dict[str, str] = {}
    for one in advice(name, given):
        if isinstance(one, Recommendation) and one.patch:
            found |= results(one, given)
    return found


def gaps(name: str, given: Facts) -> list[Gap]:
    return [one for one in advice(name, given) if isinstance(one, Gap)]
