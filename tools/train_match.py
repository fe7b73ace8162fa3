"""Makes `src/troth/policy/match/weights.tsv`: what breaks ties between rules, and names a control where no rule speaks.

    python tools/train_match.py             paraphrases, `data/sentences`, and the labelled policies that the environment names (what ships)
    python tools/train_match.py --own       without labelled policies; for measuring
    python tools/train_match.py --check     make them again and compare with the file (1 where they differ)

A softmax regression over words, pairs of words, labels, headings and section (`policy.match.learned.features`), trained with Adam and weight decay. Needs numpy,
which Troth itself does not. The same input gives the same file, but for rounding on other processors; the file's first line says what it was made from. The labelled
policies are those of `data/promises` (their text is fetched: TROTH_POLICIES) and of the truth (TROTH_TRUTH, TROTH_SEEDS).
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import yaml

from troth.policy.match.learned import FILE, Learned, features, read_weights
from troth.policy.reading import read
from troth.policy.sections import type_of
from troth.terms.promise import Kind

Array: TypeAlias = np.ndarray[Any, Any]
Catalogue: TypeAlias = Any
ROOT = Path(__file__).resolve().parent.parent
PARAPHRASES = ROOT / "tests" / "policy_match" / "data"
SENTENCES = ROOT / "data" / "sentences"
TESTS_ONLY = frozenset(("paraphrases_later", "paraphrases_typical"))
"""Not learned from: kept to test with."""
NOTHING = "-"
OF_THE_TRUTH = 3
"""How often a line of the truth counts: its labeller decided what counts as a promise, the other labels follow."""
_LABEL = re.compile(r"(?:\*\*)?([A-Z][^:*|]{2,40})(?:\*\*:|:\*\*|:|\*\*)(?= |$)")
STEPS, RATE, DECAY, LEAST_WEIGHT, LEAST_TIMES = 150, 0.15, 0.00003, 0.3, 3


@dataclass(frozen=True)
class Example:
    """One sentence whose control is known (`-`: none)."""

    control: str
    features: Mapping[str, float]
    source: str


def sources() -> list[Path]:
    """The files of this repository that are learned from."""
    return [*(path for path in sorted(PARAPHRASES.glob("*.yaml")) if path.stem not in TESTS_ONLY), *sorted(SENTENCES.glob("*.txt"))]


def digest() -> str:
    """SHA-256 of what this repository gives to learn from."""
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sources())).hexdigest()


def own() -> list[Example]:
    """Paraphrases, sentences and silent sentences of this repository."""
    found = []
    for path in sources():
        if path.suffix == ".txt":
            found += _sentences(path)
            continue
        for name, entry in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            if isinstance(entry, list):  # silent sentences below their heading
                found += [_example(NOTHING, name, sentence) for sentence in entry]
                continue
            for sentence in entry["says"]:
                heading, double, rest = sentence.partition(" :: ")
                found.append(_example(name, heading if double else entry["under"], rest if double else sentence))
    return found


def _sentences(path: Path) -> list[Example]:
    """Sentences of one file: `= control`, `@ heading`, then one sentence a line."""
    found, control, heading = [], "", ""
    for line in path.read_text(encoding="utf-8").splitlines():
        mark, rest = line[:2], line[2:]
        if mark == "= ":
            control = rest
        elif mark == "@ ":
            heading = rest
        elif line and mark != "# ":
            found.append(_example(control, heading, line.removeprefix("- [ ] ")))
    return found


def _example(control: str, heading: str, sentence: str) -> Example:
    kind, label = Kind.ROW if sentence.startswith("|") else Kind.ITEM, _LABEL.match(sentence)
    return Example(control, features(sentence, [heading], type_of(heading).value, kind.value, label[1] if label else None), "own")


def labelled(catalogue: Catalogue) -> list[Example]:
    """Sentences of labelled policies, where the environment names them."""
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    import eval_extraction  # a script beside this one

    found = []
    for policy in eval_extraction.policies():
        lines: dict[int, str] = {}
        for label in policy.labels:
            for line in label["lines"]:
                lines.setdefault(line, eval_extraction.canonical(label["control"], catalogue))
        negatives = {line for label in policy.negatives for line in label["lines"]}
        for one in read(policy.text, "SECURITY.md").statements:
            control = lines.get(one.line) or (NOTHING if one.line in negatives else None)
            if control and one.kind is not Kind.CODE:
                around = (*reversed(one.lead_in), *reversed(one.headings[1:]))
                example = Example(control, features(one.text, around, one.section.value, one.kind.value, one.label), policy.name)
                found += [example] * (OF_THE_TRUTH if policy.group in ("seeds", "more") else 1)
    return found


@dataclass(frozen=True)
class Rows:
    """Sparse rows of features, sorted by row and, for the way back, by column."""

    values: Array
    columns: Array
    starts: Array
    back: Array
    rows: Array
    used: Array
    back_starts: Array

    def times(self, weights: Array) -> Array:
        """Rows times weights: (examples, controls)."""
        return np.add.reduceat(self.values[:, None] * weights[self.columns], self.starts, axis=0)

    def gathered(self, error: Array, size: int) -> Array:
        """Transposed rows times errors: (features, controls)."""
        sums = np.add.reduceat(self.values[self.back][:, None] * error[self.rows[self.back]], self.back_starts, axis=0)
        result = np.zeros((size, error.shape[1]), dtype=np.float32)
        result[self.used] = sums
        return result


def _rows(examples: list[Example], names: Mapping[str, int]) -> Rows:
    values, columns, rows = [], [], []
    for row, one in enumerate(examples):
        for name, value in one.features.items():
            if name in names:
                values.append(value)
                columns.append(names[name])
                rows.append(row)
    column, row = np.array(columns), np.array(rows)
    back = np.argsort(column, kind="stable")
    used, back_starts = np.unique(column[back], return_index=True)
    return Rows(np.array(values, dtype=np.float32), column, np.unique(row, return_index=True)[1], back, row, used, back_starts)


def train(examples: list[Example]) -> Learned:
    """Fit the weights."""
    count: Counter[str] = Counter(name for one in examples for name in one.features)
    names = {name: number for number, name in enumerate(sorted(name for name, times in count.items() if times >= LEAST_TIMES))}
    examples = [one for one in examples if any(name in names for name in one.features)]
    controls = sorted({one.control for one in examples})
    wanted = np.array([controls.index(one.control) for one in examples])
    weights, bias = _adam(_rows(examples, names), wanted, len(names), len(controls))
    table: dict[str, dict[str, float]] = {}
    for name, number in names.items():
        kept = {control: round(float(weights[number, column]), 1) for column, control in enumerate(controls) if abs(weights[number, column]) >= LEAST_WEIGHT}
        if kept:
            table[name] = kept
    return Learned(table, {control: round(float(bias[column]), 2) for column, control in enumerate(controls)})


def _adam(rows: Rows, wanted: Array, features_count: int, controls_count: int) -> tuple[Array, Array]:
    weights, bias = np.zeros((features_count, controls_count), dtype=np.float32), np.zeros(controls_count, dtype=np.float32)
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    first_bias, second_bias = np.zeros_like(bias), np.zeros_like(bias)
    every = np.arange(len(wanted))
    for step in range(1, STEPS + 1):
        scores = rows.times(weights) + bias
        scores -= scores.max(axis=1, keepdims=True)
        error = np.exp(scores)
        error /= error.sum(axis=1, keepdims=True)
        error[every, wanted] -= 1
        error /= len(wanted)
        gradient, gradient_bias = rows.gathered(error, features_count) + DECAY * weights, error.sum(axis=0)
        first, second = 0.9 * first + 0.1 * gradient, 0.99 * second + 0.01 * gradient**2
        first_bias, second_bias = 0.9 * first_bias + 0.1 * gradient_bias, 0.99 * second_bias + 0.01 * gradient_bias**2
        scale = RATE * np.sqrt(1 - 0.99**step) / (1 - 0.9**step)
        weights -= (scale * first / (np.sqrt(second) + 1e-6)).astype(np.float32)
        bias -= (0.3 * scale * first_bias / (np.sqrt(second_bias) + 1e-6)).astype(np.float32)
    return weights, bias


def retrained_without(left_out: Collection[str], examples: list[Example]) -> Learned:
    """Weights from all examples but those of some policies."""
    return train([one for one in examples if one.source not in left_out])


def written(learned: Learned, made_from: str) -> str:
    """The file's text: what it was made from, the controls with their bias, one feature a line."""
    place = {control: number for number, control in enumerate(sorted(learned.bias))}
    rows = [f"# {made_from}", "\t".join(f"{control}={learned.bias[control]:g}" for control in place)]
    rows += ["\t".join([name, *(f"{place[control]}={value:g}" for control, value in sorted(row.items()))]) for name, row in sorted(learned.weights.items())]
    return "\n".join(rows) + "\n"


def differs(one: Learned, other: Learned, most: float = 0.11) -> int:
    """How many weights are further apart than rounding explains."""
    names = one.weights.keys() | other.weights.keys()
    pairs = ((one.weights.get(name, {}), other.weights.get(name, {})) for name in names)
    apart = LEAST_WEIGHT + most  # a weight just below the least one is written as none
    return sum(abs(mine.get(control, 0.0) - theirs.get(control, 0.0)) > (most if control in mine and control in theirs else apart) for mine, theirs in pairs for control in mine.keys() | theirs.keys())


def main() -> int:
    """Train, and write or compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--own", action="store_true")
    parser.add_argument("--check", action="store_true")
    chosen = parser.parse_args()
    examples = own()
    count = len(examples)
    if not chosen.own:
        sys.path.insert(0, str(Path(__file__).resolve().parent))
        import eval_extraction  # a script beside this one

        examples += labelled(eval_extraction.spoken())
    learned = train(examples)
    if chosen.check:
        apart = differs(learned, read_weights(FILE.read_text(encoding="utf-8")))
        print(f"{apart} weights differ")
        return int(apart > 0)
    policies = len({one.source for one in examples[count:]})
    FILE.write_text(written(learned, f"{count} own sentences (sha256 {digest()}), {len(examples) - count} of {policies} labelled policies"), encoding="utf-8")
    print(f"{len(examples)} examples, {len(learned.bias)} classes, {len(learned.weights)} features, {FILE.stat().st_size // 1024} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
