"""Trains the context tier's model on CredData and measures it on repositories that it has not seen.

    TROTH_CREDDATA=DIR python tools/train_context.py [--write] [--folds N]

DIR is what `tools/creddata.py` wrote. Measured by repository: each of N folds is judged by a model that was trained without any of its repositories; the catalogue's rules count as well. A labelled row counts as found where a finding
touches one of its lines; precision counts labelled rows only, as the data set's own benchmark does. `--write` trains on everything and renews weights.json. Needs scikit-learn, which the product does not.
Bar (issue: secrets): F1 >= 0.75 at precision >= 0.85.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

from troth.detectors.context.candidates import Candidate, candidates
from troth.detectors.context.features import NAMES, features
from troth.detectors.scanner import default

WEIGHTS = Path(__file__).resolve().parents[1] / "src" / "troth" / "detectors" / "context" / "weights.json"
LEAST_PRECISION = 0.85
MOST_BYTES, MOST_LINES = 3_000_000, 60
TREES, LEAVES, RATE = 130, 12, 0.12
UNLABELLED = 25
"""One in so many candidates of lines without a label counts as false, at a quarter of the weight: whoever labelled the data had passed them over."""


@dataclass
class Row:
    """One labelled row: which candidates lie on its lines, and whether a rule of the catalogue found something there."""

    repo: str
    true: bool
    candidates: list[int]
    by_rule: bool


@dataclass
class Corpus:
    """Features, labels (-1: not used for training) and repositories of candidates, whether their line has a label, and the labelled rows."""

    told: list[list[float]]
    labels: list[int]
    repos: list[str]
    labelled: list[bool]
    rows: list[Row]


def lines_of(row: dict[str, str]) -> range:
    """Lines of a labelled row, not more than the cap."""
    first = int(row["LineStart"])
    return range(first, min(int(row["LineEnd"]), first + MOST_LINES) + 1)


def label(one: Candidate, start: int, truths: list[dict[str, str]]) -> int:
    """1 for a candidate that a true row marks, 0 where all rows of the line are false, -1 where nobody says."""
    marks = Counter(truth["GroundTruth"] for truth in truths)
    if not marks["T"]:
        return 0 if marks["F"] == len(truths) else -1
    low = len(one.line[: one.start - start].decode("utf-8", "replace"))
    high = low + len(one.value.decode("utf-8", "replace"))
    for truth in truths:
        if truth["GroundTruth"] == "T":
            exact = truth["ValueStart"] and truth["LineStart"] == truth["LineEnd"]
            if not exact or (low < int(truth["ValueEnd"] or sys.maxsize) and high > int(truth["ValueStart"])):
                return 1
    return -1 if marks["X"] else 0


def read(folder: Path) -> Corpus:
    """The corpus of a folder."""
    scanner, corpus = default(), Corpus([], [], [], [], [])
    by_file: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    for row in json.loads((folder / "index.json").read_text()):
        by_file[row["repo"], row["FileID"]].append(row)
    for (repo, name), rows in by_file.items():
        data = (folder / "files" / f"{repo}_{name}").read_bytes()
        if len(data) <= MOST_BYTES:
            _read_file(corpus, data, repo, rows, scanner.scan(data))
    return corpus


def _read_file(corpus: Corpus, data: bytes, repo: str, rows: list[dict[str, str]], hits: list[Any]) -> None:
    starts = [0]
    while (found := data.find(b"\n", starts[-1])) >= 0:
        starts.append(found + 1)
    from bisect import bisect_right

    by_rule = {number for hit in hits for number in range(bisect_right(starts, hit.start), bisect_right(starts, max(hit.start, hit.end - 1)) + 1)}
    truths: dict[int, list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        for number in lines_of(row):
            truths[number].append(row)
    here: dict[int, list[int]] = defaultdict(list)
    for one in candidates(data):
        number = bisect_right(starts, one.start)
        if number in truths:
            here[number].append(len(corpus.told))
        elif crc32(one.value) % UNLABELLED:
            continue
        corpus.told.append(features(one))
        corpus.labels.append(label(one, starts[number - 1], truths[number]) if number in truths else 0)
        corpus.repos.append(repo)
        corpus.labelled.append(number in truths)
    for row in rows:
        if row["GroundTruth"] in "TF":
            numbers = lines_of(row)
            corpus.rows.append(Row(repo, row["GroundTruth"] == "T", [at for number in numbers for at in here[number]], any(number in by_rule for number in numbers)))


def fit(corpus: Corpus, chosen: list[int]) -> Any:
    """A model on some candidates; repositories weigh by the root of their size, so that the largest do not decide alone."""
    import numpy
    from sklearn.ensemble import HistGradientBoostingClassifier

    used = [at for at in chosen if corpus.labels[at] >= 0]
    sizes = Counter(corpus.repos[at] for at in used)
    weights = [(1.0 if corpus.labelled[at] else 0.25) / math.sqrt(sizes[corpus.repos[at]]) for at in used]
    model = HistGradientBoostingClassifier(max_iter=TREES, learning_rate=RATE, max_leaf_nodes=LEAVES, l2_regularization=1.0, early_stopping=False, random_state=7)
    scale = len(weights) / sum(weights)
    return model.fit(numpy.array([corpus.told[at] for at in used]), numpy.array([corpus.labels[at] for at in used]), sample_weight=[weight * scale for weight in weights])


def held_out(corpus: Corpus, folds: int) -> list[float]:
    """Probability of every candidate by a model that has not seen its repository."""
    import numpy

    repos = sorted(set(corpus.repos), key=lambda name: (-corpus.repos.count(name), name))
    fold = {name: number % folds for number, name in enumerate(repos)}
    told = [0.0] * len(corpus.told)
    for number in range(folds):
        inside = [at for at, name in enumerate(corpus.repos) if fold[name] == number]
        model = fit(corpus, [at for at, name in enumerate(corpus.repos) if fold[name] != number])
        for at, value in zip(inside, model.predict_proba(numpy.array([corpus.told[at] for at in inside]))[:, 1], strict=True):
            told[at] = float(value)
    return told


def score(corpus: Corpus, told: list[float], threshold: float, *, rules: bool = True) -> tuple[float, float, float]:
    """Precision, recall and F1 over labelled rows."""
    found = Counter()
    for row in corpus.rows:
        hit = (rules and row.by_rule) or any(told[at] >= threshold for at in row.candidates)
        found[row.true, hit] += 1
    precision = found[True, True] / max(1, found[True, True] + found[False, True])
    recall = found[True, True] / max(1, found[True, True] + found[True, False])
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


def threshold_of(corpus: Corpus, told: list[float]) -> float:
    """The lowest threshold at which the precision holds, a little above the bar."""
    steps = [number / 100 for number in range(20, 96)]
    return next((step for step in steps if score(corpus, told, step)[0] >= LEAST_PRECISION + 0.005), 0.95)


def write(model: Any, threshold: float) -> None:
    """The trees as plain JSON."""
    trees = []
    for (predictor,) in model._predictors:
        nodes = predictor.nodes
        leaf = [bool(node["is_leaf"]) for node in nodes]
        trees.append(
            {
                "feature": [-1 if last else int(node["feature_idx"]) for node, last in zip(nodes, leaf, strict=True)],
                "limit": [0 if last else round(float(node["num_threshold"]), 6) for node, last in zip(nodes, leaf, strict=True)],
                "low": [0 if last else int(node["left"]) for node, last in zip(nodes, leaf, strict=True)],
                "high": [0 if last else int(node["right"]) for node, last in zip(nodes, leaf, strict=True)],
                "value": [round(float(node["value"]), 5) if last else 0 for node, last in zip(nodes, leaf, strict=True)],
            }
        )
    head = {"form": 1, "base": round(float(model._baseline_prediction[0][0]), 6), "threshold": threshold, "features": list(NAMES)}
    text = ",\n".join(json.dumps(tree, separators=(",", ":")) for tree in trees)
    WEIGHTS.write_text(json.dumps(head)[:-1] + ', "trees": [\n' + text + "\n]}\n")


def main() -> int:
    """Measure, and write where asked to."""
    folder = os.environ.get("TROTH_CREDDATA", "")
    if not folder or not (Path(folder) / "index.json").is_file():
        print("skipped: TROTH_CREDDATA names no folder that tools/creddata.py wrote")
        return 0
    folds = int(sys.argv[sys.argv.index("--folds") + 1]) if "--folds" in sys.argv else 8
    corpus = read(Path(folder))
    true = sum(row.true for row in corpus.rows)
    reach = sum(row.true and (row.by_rule or bool(row.candidates)) for row in corpus.rows)
    print(f"{len(set(corpus.repos))} repositories, {len(corpus.rows)} rows, {true} of them credentials; within reach {reach} ({reach / true:.3f}); {len(corpus.told)} candidates")
    told = held_out(corpus, folds)
    threshold = threshold_of(corpus, told)
    for name, step in (("rules of the catalogue alone", 2.0), ("with the context tier, held out by repository", threshold)):
        precision, recall, f1 = score(corpus, told, step)
        print(f"{name}: precision {precision:.3f}, recall {recall:.3f}, F1 {f1:.3f}" + (f" at threshold {step:.2f}" if step < 1 else ""))
    if "--write" in sys.argv:
        write(fit(corpus, list(range(len(corpus.told)))), threshold)
        print(f"written: {WEIGHTS.name}, {WEIGHTS.stat().st_size // 1024} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
