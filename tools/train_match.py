"""Makes `src/troth/policy/match/weights.tsv`: what breaks ties between rules, learned from Troth's own paraphrases of what controls say.

    python tools/train_match.py                 paraphrases alone (what ships)
    python tools/train_match.py --with-labels   adds labelled policies (TROTH_TRUTH, TROTH_SEEDS, TROTH_POLICIES); for measuring, not for shipping

A softmax regression over words, pairs of words, headings and section (`policy.match.learned.features`), trained with Adam and weight decay. Needs numpy,
which Troth itself does not. The same input gives the same file.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import yaml

from troth.policy.match.learned import FILE, Learned, features
from troth.policy.reading import read
from troth.policy.sections import type_of
from troth.terms.promise import Kind

Array: TypeAlias = np.ndarray[Any, Any]
Catalogue: TypeAlias = Any
PARAPHRASES = Path(__file__).resolve().parent.parent / "tests" / "policy_match" / "data"
TESTS_ONLY = frozenset(("paraphrases_later",))
"""Not learned from: on 46 labelled policies, weights that had seen them were a little worse (F1 0.919, 0.922 without)."""
NOTHING = "-"
STEPS, RATE, DECAY, LEAST_WEIGHT = 120, 0.15, 0.0004, 0.2


@dataclass(frozen=True)
class Example:
    """One sentence whose control is known (`-`: none)."""

    control: str
    features: Mapping[str, float]
    source: str


def own() -> list[Example]:
    """Paraphrases and silent sentences of this repository."""
    found = []
    for path in sorted(PARAPHRASES.glob("paraphrases*.yaml")):
        if path.stem in TESTS_ONLY:
            continue
        for control, entry in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            for sentence in entry["says"]:
                heading, double, rest = sentence.partition(" :: ")
                found.append(_example(control, heading if double else entry["under"], rest if double else sentence))
    for heading, sentences in yaml.safe_load((PARAPHRASES / "silence.yaml").read_text(encoding="utf-8")).items():
        found += [_example(NOTHING, heading, sentence) for sentence in sentences]
    return found


def _example(control: str, heading: str, sentence: str) -> Example:
    return Example(control, features(sentence, [heading], type_of(heading).value), "own")


def labelled(catalogue: Catalogue) -> list[Example]:
    """Sentences of labelled policies, where the environment names them."""
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    import eval_extraction  # a script beside this one

    found = []
    for policy in eval_extraction.policies():
        statements = read(policy.text, "SECURITY.md").statements
        lines: dict[int, str] = {}
        for label in policy.labels:
            for line in label["lines"]:
                lines.setdefault(line, eval_extraction.canonical(label["control"], catalogue))
        negatives = {line for label in policy.negatives for line in label["lines"]}
        for one in statements:
            control = lines.get(one.line) or (NOTHING if one.line in negatives else None)
            if control and one.kind is not Kind.CODE:
                around = (*reversed(one.lead_in), *reversed(one.headings[1:]))
                found.append(Example(control, features(one.text, around, one.section.value), policy.name))
    return found


def train(examples: list[Example]) -> Learned:
    """Fit the weights."""
    count: Counter[str] = Counter(name for one in examples for name in one.features)
    names = {name: number for number, name in enumerate(sorted(name for name, times in count.items() if times >= 2))}
    controls = sorted({one.control for one in examples})
    x = np.zeros((len(examples), len(names)), dtype=np.float32)
    y = np.zeros((len(examples), len(controls)), dtype=np.float32)
    for row, one in enumerate(examples):
        y[row, controls.index(one.control)] = 1
        for name, value in one.features.items():
            if name in names:
                x[row, names[name]] = value
    weights, bias = _adam(x, y)
    table: dict[str, dict[str, float]] = {}
    for name, number in names.items():
        kept = {control: round(float(weights[number, column]), 2) for column, control in enumerate(controls) if abs(weights[number, column]) >= LEAST_WEIGHT}
        if kept:
            table[name] = kept
    return Learned(table, {control: round(float(bias[column]), 2) for column, control in enumerate(controls)})


def _adam(x: Array, y: Array) -> tuple[Array, Array]:
    weights, bias = np.zeros((x.shape[1], y.shape[1]), dtype=np.float32), np.zeros(y.shape[1], dtype=np.float32)
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    first_bias, second_bias = np.zeros_like(bias), np.zeros_like(bias)
    for step in range(1, STEPS + 1):
        scores = x @ weights + bias
        scores -= scores.max(axis=1, keepdims=True)
        chance = np.exp(scores)
        chance /= chance.sum(axis=1, keepdims=True)
        error = (chance - y) / len(x)
        gradient, gradient_bias = x.T @ error + DECAY * weights, error.sum(axis=0)
        first, second = 0.9 * first + 0.1 * gradient, 0.99 * second + 0.01 * gradient**2
        first_bias, second_bias = 0.9 * first_bias + 0.1 * gradient_bias, 0.99 * second_bias + 0.01 * gradient_bias**2
        scale = RATE * np.sqrt(1 - 0.99**step) / (1 - 0.9**step)
        weights -= scale * first / (np.sqrt(second) + 1e-6)
        bias -= 0.3 * scale * first_bias / (np.sqrt(second_bias) + 1e-6)
    return weights, bias


def retrained_without(left_out: str, names: Iterable[str], catalogue: Catalogue) -> Learned:
    """Weights from the paraphrases and from all labelled policies but one."""
    del names
    return train([*own(), *(one for one in labelled(catalogue) if one.source != left_out)])


def write(learned: Learned, path: Path = FILE) -> None:
    """Write weights, one feature a line."""
    rows = ["\t".join(["bias", *(f"{control}={value:g}" for control, value in sorted(learned.bias.items()))])]
    rows += ["\t".join([name, *(f"{control}={value:g}" for control, value in sorted(row.items()))]) for name, row in sorted(learned.weights.items())]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def main() -> int:
    """Train and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--with-labels", action="store_true")
    chosen = parser.parse_args()
    examples = own()
    if chosen.with_labels:
        sys.path.insert(0, str(Path(__file__).resolve().parent))
        import eval_extraction  # a script beside this one

        examples += labelled(eval_extraction.spoken())
    learned = train(examples)
    write(learned)
    print(f"{len(examples)} examples, {len(learned.bias)} classes, {len(learned.weights)} features, {FILE.stat().st_size // 1024} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
