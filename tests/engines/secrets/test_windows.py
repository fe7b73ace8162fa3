"""Looking only around what a delta changes finds what looking at the whole text finds: for every rule, in every encoding, for changes anywhere in or beside a secret."""

from __future__ import annotations

import base64
import random
import re

import pytest

from tests.detectors.test_rules import RULES, token
from tests.engines.packs.test_delta import copy, varint
from troth.detectors.encodings import hints
from troth.detectors.rule import Match
from troth.detectors.scanner import HINT, MARGIN, Scanner, default
from troth.engines.packs.delta import apply, changed, sizes

LINES = b"".join(b"    value_%d = compute(%d, name)  # a line of a program\n" % (n, n * 7) for n in range(60))
assert len(LINES) > 4 * MARGIN
EVERY = 5
"""Of the rules every fifth is tried in encodings: which rule it is makes little difference there, and the test stays quick."""
FORMS = {
    "plain": lambda text: text,
    "base64": base64.b64encode,
    "base64 twice": lambda text: base64.b64encode(base64.b64encode(text)),
    "hex": lambda text: text.hex().encode(),
    "percent": lambda text: "".join(f"%{byte:02x}" for byte in text).encode(),
    "utf-16": lambda text: text.decode("latin-1").encode("utf-16-le"),
    "joined": lambda text: text[: len(text) // 2] + b'" + "' + text[len(text) // 2 :],
}


def edits(text: bytes, chance: random.Random) -> list[tuple[bytes, int, int, bytes]]:
    """(what the base has in place of the text, and how the result is made from it: copied before, where copying goes on, inserted between)."""
    at = chance.randrange(len(text))
    gone = chance.randrange(1, 4)
    end = min(len(text), at + gone)
    return [
        (text[:at] + text[end:], at, at, text[at:end]),  # something comes in
        (text[:at] + b"~!" * gone + text[at:], at, at + 2 * gone, b""),  # something goes
        (text[:at] + b"#" * gone + text[end:], at, at + gone, text[at:end]),  # something is replaced
        (b"w9" + text, 0, 2, b""),  # a word that was glued to it goes
        (text + b"w9", len(text), len(text) + 2, b""),
    ]


def places(found: list[Match]) -> list[tuple[str, int, int, tuple[str, ...]]]:
    return [(match.rule.id, match.start, match.end, match.how) for match in found]


def compare(scanner: Scanner, base: bytes, edit: tuple[int, int, bytes]) -> bool:
    """Whether the base left it to the surroundings; then they must have given what the whole gives."""
    low, go_on, inserted = edit
    ops = copy(0, low) + (bytes([len(inserted)]) + inserted if inserted else b"") + copy(go_on, len(base) - go_on)
    result = base[:low] + inserted + base[go_on:]
    delta = varint(len(base)) + varint(len(result)) + ops
    assert apply(base, delta) == result
    matches, far = scanner.scan_near(base)
    if matches or far:
        return False
    ranges = changed(delta, sizes(delta)[2], len(result), MARGIN, len(base))
    assert sum(high - low for low, high in ranges) < len(result)
    assert places(scanner.scan_near(result, ranges)[0]) == places(scanner.scan(result))
    parts = [result[low:high] for low, high in ranges]
    hits = [
        (rule, ranges[number][0] + end)
        for number, part in sorted(scanner.screen(parts).items())
        for rule, end in part or ()
    ]
    assert places(scanner.scan_screened(result, hits)[0]) == places(scanner.scan(result))
    return True


@pytest.mark.parametrize("form", FORMS)
def test_the_surroundings_of_changes_give_what_the_whole_text_gives(form):
    scanner = default("hyperscan")
    near = found = 0
    rules = RULES if form == "plain" else RULES[::EVERY]
    for rule in rules:
        text, _ = token(rule, form)
        hidden = FORMS[form](text)
        chance = random.Random(f"{rule.id}/{form}")
        quote = b'"' if chance.random() < 0.5 else b" "
        for part, low, go_on, inserted in edits(hidden, chance):
            before, after = LINES + b"x = " + quote, quote + b"\n" + LINES
            base = before + part + after
            near += compare(scanner, base, (len(before) + low, len(before) + go_on, inserted))
            found += bool(scanner.scan(before + hidden + after))
    assert near > len(rules)
    assert found > len(rules)


def test_hints_are_no_longer_than_the_margin_allows_for():
    literal = re.compile(r"\\x..|[0-9A-Za-z]|\[[^]]*\]")
    for hint in hints(RULES):
        counted = re.search(r"\{(\d+)\}", hint.shape)
        length = len(literal.findall(re.sub(r"\{\d+\}", "", hint.shape))) + (
            int(counted.group(1)) - 1 if counted else 0
        )
        assert length <= HINT


def test_a_key_whose_middle_is_mended_is_found_however_far_its_armour_stands():
    scanner = default("hyperscan")
    rule = next(rule for rule in RULES if rule.id == "private-key")
    text, _ = token(rule, "mended")
    at = len(text) // 2
    base = LINES + text[:at] + b"~~~" + text[at:] + b"\n" + LINES
    assert not scanner.scan(base)
    assert scanner.scan_near(base)[1], "the armour alone must ask for a whole look at what is made from it"
