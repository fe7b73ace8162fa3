"""How well policies' sentences become promises, against labels made by hand.

Data (never part of the repository; what is absent is skipped, and said):

    TROTH_TRUTH      folder with promises.json, more/promises.json, more/negatives.json, more/policies/*.md
    TROTH_SEEDS      folder with the seed policies that promises.json names
    TROTH_POLICIES   folders (joined by the path separator), each with promises.json, negatives.json, *.md named owner_repository, and, where there is one,
                     uncatalogued.json: lines that promise what no control of the catalogue is about; what is found on them counts neither way

Counting: a predicted promise is a hit where its line is one of a label's lines and the control is the label's (aliases resolved, `NEW:` dropped). Where the
control is only one of the label's `also`, the prediction counts neither way and the label is not found; the figure "second choices allowed" takes it as found. Recall counts labels, precision counts predictions. A negative is hit where something is
predicted on one of its lines. Parameters: see `same`.

`--leave-one-out` retrains what is learned without each policy, a ninth of them at a time. The rules in the controls' READMEs are written by hand and have seen the seeds and the
policies of more/; no retraining changes that, and the figure says so.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from troth.check.catalogue import CONTROLS, read_front_matter
from troth.policy.match import Matcher
from troth.policy.match.learned import shipped_weights
from troth.policy.match.lexicon import shipped_lexicons
from troth.policy.reading import read
from troth.terms.promise import Promise

Json: TypeAlias = Any
FOLDS = 9
"""How many times the learned part is trained again, each time without a ninth of the policies."""


@dataclass(frozen=True)
class Spoken:
    """What a control's README says about sentences; its verifier does not matter here."""

    id: str
    aliases: tuple[str, ...]
    says: tuple[Mapping[str, Any], ...]
    params: Mapping[str, str]


class Catalogue(dict[str, Spoken]):
    """Controls by id."""

    def resolve(self, name: str) -> Spoken | None:
        """Control of an id or alias, or None."""
        return self.get(name) or next((control for control in self.values() if name in control.aliases), None)


def spoken() -> Catalogue:
    """The front matter of all controls."""
    found = Catalogue()
    for path in sorted(CONTROLS.glob("*/*/README.md")):
        data, _body = read_front_matter(path)
        says = tuple(rule if isinstance(rule, dict) else {"any": [str(rule)]} for rule in data["says"])  # type: ignore[union-attr]
        identity = str(data["id"])
        found[identity] = Spoken(identity, tuple(data.get("aliases") or ()), says, data.get("params") or {})  # type: ignore[arg-type]
    return found


@dataclass
class Policy:
    """One labelled policy."""

    name: str
    text: str
    labels: list[dict[str, Any]]
    negatives: list[dict[str, Any]]
    group: str
    apart: frozenset[int] = frozenset()


@dataclass
class Score:
    """Counts of one policy."""

    name: str
    group: str
    labels: int = 0
    found: int = 0
    found_also: int = 0
    predicted: int = 0
    right: int = 0
    neutral: int = 0
    negatives: int = 0
    negatives_hit: int = 0
    with_params: int = 0
    params_right: int = 0
    keys: Counter[str] = field(default_factory=Counter)
    keys_right: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    bad_params: list[str] = field(default_factory=list)
    negative_lines: list[str] = field(default_factory=list)
    by_control: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))

    @property
    def recall(self) -> float:
        return self.found / self.labels if self.labels else 1.0

    @property
    def precision(self) -> float:
        counted = self.predicted - self.neutral
        return self.right / counted if counted else 1.0

    @property
    def f1(self) -> float:
        both = self.recall + self.precision
        return 2 * self.recall * self.precision / both if both else 0.0

    @property
    def f1_also(self) -> float:
        """F1 where a label's second choice is as good as the first."""
        recall = self.found_also / self.labels if self.labels else 1.0
        both = recall + self.precision
        return 2 * recall * self.precision / both if both else 0.0


def policies() -> list[Policy]:
    """All labelled policies that the environment names."""
    found: list[Policy] = []
    truth, seeds = os.environ.get("TROTH_TRUTH"), os.environ.get("TROTH_SEEDS")
    if truth and seeds:
        by_file: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for label in json.loads((Path(truth) / "promises.json").read_text(encoding="utf-8")):
            by_file[Path(label["seed_file"]).name].append(label)
        for name, labels in by_file.items():
            found.append(Policy(name.split(".")[0], (Path(seeds) / name).read_text(encoding="utf-8"), labels, [], "seeds"))
    else:
        print("skipped: TROTH_TRUTH and TROTH_SEEDS are not set")
    if truth and (Path(truth) / "more").is_dir():
        found += _folder(Path(truth) / "more", Path(truth) / "more" / "policies", "more")
    for folder in filter(None, os.environ.get("TROTH_POLICIES", "").split(os.pathsep)):
        found += _folder(Path(folder), Path(folder), Path(folder).name)
    return found


def _folder(folder: Path, texts: Path, group: str) -> list[Policy]:
    labels: dict[str, list[dict[str, Any]]] = defaultdict(list)
    negatives: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for label in json.loads((folder / "promises.json").read_text(encoding="utf-8")):
        labels[label["repo"]].append(label)
    for label in json.loads((folder / "negatives.json").read_text(encoding="utf-8")):
        negatives[label["repo"]].append(label)
    apart: dict[str, set[int]] = defaultdict(set)
    beside = folder / "uncatalogued.json"
    for label in json.loads(beside.read_text(encoding="utf-8")) if beside.is_file() else ():
        apart[label["repo"]].update(label.get("lines") or [label["line"]])
    found = []
    for repo, mine in labels.items():
        path = texts / (repo.replace("/", "_") + ".md")
        if path.is_file():
            found.append(Policy(repo, path.read_text(encoding="utf-8"), mine, negatives[repo], group, frozenset(apart[repo])))
        else:
            print(f"skipped: no text of {repo}")
    return found


def canonical(name: str, catalogue: Catalogue) -> str:
    """Id of a control as the labels write it."""
    plain = name.removeprefix("NEW:")
    control = catalogue.resolve(plain) or catalogue.resolve(plain.replace(".", "/", 1))
    return control.id if control else plain


def score(policy: Policy, matcher: Matcher, catalogue: Catalogue) -> Score:
    """Count hits and misses of one policy."""
    result = Score(policy.name, policy.group, labels=len(policy.labels), negatives=len(policy.negatives))
    promises = matcher.match(read(policy.text, "SECURITY.md").statements)
    at: dict[tuple[int, str], list[Promise]] = defaultdict(list)
    for promise in promises:
        at[promise.statement.line, promise.control].append(promise)
    hits: set[int] = set()
    neutral: set[int] = {id(one) for one in promises if one.statement.line in policy.apart}
    for label in policy.labels:
        control = canonical(label["control"], catalogue)
        mine = [one for line in label["lines"] for one in at.get((line, control), ())]
        hits.update(map(id, mine))
        second = [one for other in label.get("also", ()) for line in label["lines"] for one in at.get((line, canonical(other, catalogue)), ())]
        neutral.update(map(id, second))
        result.found += bool(mine)
        result.found_also += bool(mine or second)
        result.by_control[control].append(bool(mine))
        if mine:
            _params(label, mine, catalogue, result)
        else:
            others = sorted({one.control for one in promises if one.statement.line in label["lines"]})
            result.missed.append(f"{label['id']} {label['line']} {control} | {label['quote'][:80]!r} | got {', '.join(others) or '-'}")
    result.predicted = len(promises)
    result.right = sum(id(one) in hits for one in promises)
    result.neutral = sum(id(one) in neutral and id(one) not in hits for one in promises)
    for one in promises:
        if id(one) not in hits and id(one) not in neutral:
            true = sorted({canonical(label["control"], catalogue) for label in policy.labels if one.statement.line in label["lines"]})
            result.wrong.append(f"{one.statement.line} {one.control} {one.confidence} | {one.statement.text[:70]!r} | {one.reason[:70]} | truth {', '.join(true) or '-'}")
    for negative in policy.negatives:
        mine = [one for one in promises if one.statement.line in negative["lines"]]
        result.negatives_hit += bool(mine)
        if mine:
            result.negative_lines.append(f"{negative['id']} {negative['line']} {mine[0].control} | {mine[0].statement.text[:80]!r} | {mine[0].reason[:60]}")
    return result


def _params(label: Mapping[str, Any], mine: list[Promise], catalogue: Catalogue, result: Score) -> None:
    control = catalogue[mine[0].control]
    wanted = {name: value for name, value in (label.get("params") or {}).items() if name in control.params and value is not None}
    if not wanted:
        return
    result.with_params += 1
    best = max(mine, key=lambda one: sum(same(name, value, one.params.values.get(name)) for name, value in wanted.items()))
    right = True
    for name, value in wanted.items():
        key = f"{control.id}.{name}"
        result.keys[key] += 1
        if same(name, value, best.params.values.get(name)):
            result.keys_right[key] += 1
        else:
            right = False
            result.bad_params.append(f"{label['id']} {key}: want {value!r}, got {best.params.values.get(name)!r} | {best.statement.text[:70]!r}")
    result.params_right += right


_DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)B?D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$")
_FREE = frozenset(("item", "what", "event", "setting", "value", "path", "scope", "topic", "root", "when", "text", "how", "where", "pattern", "url", "store", "property", "framework", "root", "per"))
_SAME_WORDS = {"immediate": "asap", "p1d": "daily", "nightly": "daily", "p7d": "weekly", "p30d": "p1m", "1": "true"}


def same(name: str, wanted: Json, given: Json) -> bool:
    """Whether a parameter is right.

    Durations by length; lists: two thirds of the wanted entries (word overlap of one half; links: the site) are given; rows: same ranges and marks; joined values (`a|b`,
    `a/b`): what is given is among them; free text (scope items, events, settings): one half of the words; everything else: equal, but for case and marks.
    """
    if given is None:
        return wanted == []
    if isinstance(wanted, bool) or isinstance(given, bool):
        return bool(wanted) is bool(given)
    if isinstance(wanted, (int, float)):
        return (str(given).isdigit() or isinstance(given, float)) and float(given) == float(wanted)
    if isinstance(wanted, list):
        if not wanted:
            return True
        if isinstance(wanted[0], dict):
            return _rows(wanted, given)
        parts = [given] if isinstance(given, str) else list(given)
        if name == "urls":  # the labels name sites, not whole addresses
            return sum(any(_plain(entry).strip("./*") in _plain(str(part)) for part in parts) for entry in wanted) >= len(wanted) * 2 / 3
        close = sum(any(_overlap(str(entry), str(part)) >= 0.5 for part in parts) for entry in wanted)
        return close >= len(wanted) * 2 / 3
    if _hours(str(wanted)) is not None:
        return _hours(str(wanted)) == _hours(str(given))
    if wanted == given:
        return True
    if name in _FREE:
        return _overlap(str(wanted), str(given)) >= 0.5
    left, right = _options(str(wanted)), _options(str(given))
    return bool(left & right) and (right <= left or left <= right)


def _rows(wanted: list[dict[str, Any]], given: Json) -> bool:
    if not isinstance(given, (list, tuple)):
        return False
    marks = {(_plain(str(row.get("range", ""))), bool(row.get("supported"))) for row in given}
    close = sum(any((mine in theirs or theirs in mine) and bool(row["supported"]) is mark for theirs, mark in marks) for row in wanted for mine in [_plain(row["range"])])
    return close == len(wanted)


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9<>.@+-]+", "", text.lower())


def _options(text: str) -> set[str]:
    return {_SAME_WORDS.get(_plain(part), _plain(part)) for part in re.split(r"[|,]|(?<=\w)/(?=\w)", text) if _plain(part)}


def _overlap(wanted: str, given: str) -> float:
    mine, theirs = ({word[:5] for word in re.findall(r"[a-z0-9]+", text.lower())} for text in (wanted, given))
    return 2 * len(mine & theirs) / (len(mine) + len(theirs)) if mine and theirs else float(_plain(wanted) == _plain(given))


def _hours(text: str) -> float | None:
    match = _DURATION.match(text)
    if match is None or text == "P":
        return None
    years, months, weeks, days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return years * 8760 + months * 720 + weeks * 168 + days * 24 + hours + minutes / 60 + seconds / 3600


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else 0.0


def table(title: str, scores: list[Score]) -> None:
    """Print one table."""
    print(f"\n{title}\n{'policy':44} {'labels':>6} {'found':>5} {'pred':>5} {'recall':>7} {'prec':>6} {'F1':>6} {'params':>11} {'negatives':>10}")
    for one in scores:
        print(f"{one.name[:44]:44} {one.labels:6} {one.found:5} {one.predicted:5} {one.recall:7.3f} {one.precision:6.3f} {one.f1:6.3f} {one.params_right:5}/{one.with_params:<5} {one.negatives_hit:4}/{one.negatives:<5}")
    for name, chosen in [*((group, [one for one in scores if one.group == group]) for group in dict.fromkeys(one.group for one in scores)), ("all", scores)]:
        pooled = Score(name, name)
        for one in chosen:
            for key in ("labels", "found", "found_also", "predicted", "right", "neutral", "negatives", "negatives_hit", "with_params", "params_right"):
                setattr(pooled, key, getattr(pooled, key) + getattr(one, key))
        matched = pooled.found
        print(
            f"{name:10} pooled R {pooled.recall:.3f} P {pooled.precision:.3f} F1 {pooled.f1:.3f} | macro F1 {_mean(one.f1 for one in chosen):.3f} (second choices allowed {_mean(one.f1_also for one in chosen):.3f}) | params right {pooled.params_right}/{pooled.with_params}"
            f" = {pooled.params_right / max(1, pooled.with_params):.3f} (of all matched {(matched - pooled.with_params + pooled.params_right) / max(1, matched):.3f}) | negatives hit {pooled.negatives_hit}/{pooled.negatives}"
            f" = {pooled.negatives_hit / max(1, pooled.negatives):.3f}"
        )


def rare(scores: list[Score], most: int = 2) -> None:
    """Recall of controls that have few labels."""
    counts: dict[str, list[bool]] = defaultdict(list)
    for one in scores:
        for control, hits in one.by_control.items():
            counts[control] += hits
    few = [hit for hits in counts.values() if len(hits) <= most for hit in hits]
    print(f"controls with 1-{most} labels: recall {_mean(map(float, few)):.3f} over {len(few)} labels of {sum(len(hits) <= most for hits in counts.values())} controls")


def main() -> int:
    """Run the evaluation; always 0: the figures are the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--errors", action="store_true", help="list every miss, wrong finding, parameter and negative")
    parser.add_argument("--only", default="", help="groups or names to look at, joined by commas")
    parser.add_argument("--leave-one-out", action="store_true", help="retrain without each policy in turn")
    parser.add_argument("--no-learned", action="store_true", help="rules alone")
    chosen = parser.parse_args()
    catalogue, lexicons = spoken(), shipped_lexicons()
    found = policies()
    if chosen.only:
        found = [one for one in found if any(part in (one.group, one.name) or part in one.name for part in chosen.only.split(","))]
    if not found:
        print("nothing to evaluate")
        return 0
    learned = None if chosen.no_learned else shipped_weights()
    matcher = Matcher(catalogue, lexicons, learned)
    start = time.perf_counter()
    scores = [score(one, matcher, catalogue) for one in found]
    print(f"{len(found)} policies, {sum(len(one.labels) for one in found)} labels, {time.perf_counter() - start:.2f} s")
    table("as shipped", scores)
    rare(scores)
    if chosen.leave_one_out and not chosen.no_learned:
        table(f"learned part retrained without each policy, in {FOLDS} folds (the hand-written rules have seen them all)", _left_out(found, catalogue))
    if chosen.errors:
        for one in scores:
            for name in ("missed", "wrong", "bad_params", "negative_lines"):
                for line in getattr(one, name):
                    print(f"{one.name[:12]} {name}: {line}")
    return 0


def _left_out(found: list[Policy], catalogue: Catalogue) -> list[Score]:
    """Scores of every policy by a learned part that has not seen it."""
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    import train_match  # a script beside this one

    examples = [*train_match.own(), *train_match.labelled(catalogue)]
    scores: dict[str, Score] = {}
    matcher = Matcher(catalogue, shipped_lexicons(), None)
    for number in range(FOLDS):
        fold = found[number::FOLDS]
        matcher.learned = train_match.retrained_without({one.name for one in fold}, examples)
        scores.update((one.name, score(one, matcher, catalogue)) for one in fold)
    return [scores[one.name] for one in found]


if __name__ == "__main__":
    sys.exit(main())
