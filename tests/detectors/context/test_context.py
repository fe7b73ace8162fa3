"""The context tier: finds what is assigned to a credential's name, leaves placeholders and code alone, and is bounded."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.repositories import MadeCommit, MadeRepository
from troth.cli import run
from troth.detectors.context import RULE, ContextScanner
from troth.detectors.context import model as models
from troth.detectors.context.candidates import LINE_BYTES, PER_LINE, candidates
from troth.detectors.context.features import NAMES, features
from troth.detectors.context.model import Model, Tree, shipped
from troth.detectors.rule import Tier
from troth.detectors.scanner import default
from troth.errors import DetectorError

SCANNER = ContextScanner(default())

TRUE = [
    b'DB_PASSWORD = "tr0ub4dor&3-Zebra"',
    b"client_secret: 'kJ8s0PqLm2Xv9Rt4Yw6Zb1Nc'",
    b'"api_token": "9f8e7d6c5b4a39281706f5e4d3c2b1a0"',
    b"auth_token: \"Zx81kQ72mWv93Lp0Ty65\"",
    b'config.secret_key_base = "b1946ac92492d2347c6235b4d2611184b1946ac92492d2347c6235b4d2611184"',
]
FALSE = [
    b'api_token = os.environ["API_TOKEN"]',
    b'secret_key = get_secret("prod")',
    b'LABEL_NEW_PASSWORD = "Enter your new password"',
    b'password = "<your-password>"',
    b"password: ${DB_PASSWORD}",
    b'raise ValueError("token is invalid")',
    b"self.token = token",
    b'import { KeyObject } from "crypto";',
    b'integrity: "sha512-4f9Qm1yK0dKfHwNsi1aM0Y7wQ7yGq3o3mJkZb2mYkq5c5d2V8w9r0s1t2u3v4w5x6y7z8A9B0C1D2E3F4G5H6I=="',
]


def found(data: bytes) -> list[bytes]:
    return [match.value(data) for match in SCANNER.scan(data) if match.rule is RULE]


@pytest.mark.parametrize("line", TRUE)
def test_a_value_assigned_to_a_credentials_name_is_found(line):
    assert found(line)


@pytest.mark.parametrize("line", FALSE)
def test_placeholders_code_labels_and_digests_are_left_alone(line):
    assert not found(line)


def test_a_rule_of_the_catalogue_stands_where_both_claim_the_same_bytes():
    import random

    from tests.detectors.made_tokens import generate

    rule = next(rule for rule in default().rules if rule.id == "huggingface-access-token" or (rule.tier is Tier.PROVIDER and not rule.proof and rule.weight >= 6 and rule.entropy == 0))
    token = generate(rule.pattern, random.Random(3))[1].encode("latin-1")
    matches = SCANNER.scan(b'password = "' + token + b'"\n')

    assert matches
    assert RULE.id not in {match.rule.id for match in matches}


def test_the_tier_is_asked_for_and_never_on_by_itself(tmp_path, capsys):
    (tmp_path / "settings.py").write_bytes(TRUE[0] + b"\n")

    assert 0 == run(["secrets", "scan", str(tmp_path)])
    capsys.readouterr()
    with pytest.raises(SystemExit, match="1"):
        run(["secrets", "scan", str(tmp_path), "--tier", "context", "--format", "json"])
    told = capsys.readouterr().out
    assert "context-credential" in told
    assert "tr0ub4dor" not in told


def test_the_tier_looks_into_the_history_too(tmp_path, capsys):
    made = MadeRepository(tmp_path)
    made.commit(MadeCommit(files={"settings.py": TRUE[0].decode() + "\n" + "x = 1\n" * 400}))
    made.commit(MadeCommit(files={"settings.py": "x = 1\n" * 400 + "y = 2\n"}))

    with pytest.raises(SystemExit, match="1"):
        run(["secrets", "scan", str(made.root), "--history", "--no-cache", "--tier", "context", "--format", "json"])
    assert "context-credential" in capsys.readouterr().out


def test_every_way_to_look_sees_what_the_scan_sees():
    scanner = ContextScanner(default())
    text = TRUE[0] + b"\n"

    assert not scanner.quiet(text)
    assert scanner.quiet(b"x = 1\n")
    assert scanner.scan_near(text) == (scanner.scan(text), True)
    assert scanner.screen([b"x = 1\n", text]) == {1: None}


def test_ranges_limit_what_is_looked_at():
    data = TRUE[0] + b"\n" + TRUE[1] + b"\n"

    assert 1 == len([match for match in SCANNER.scan(data, ((0, 5),)) if match.rule.tier is Tier.CONTEXT])
    assert [] == SCANNER.scan(data, ())


@given(st.binary(max_size=3000))
@settings(max_examples=150, deadline=None)
def test_any_bytes_give_values_that_lie_where_they_say_and_features_in_order(data):
    for one in candidates(data):
        assert data[one.start : one.end] == one.value
        told = features(one)
        assert len(NAMES) == len(told)
        assert 0.0 <= shipped().probability(told) <= 1.0


@pytest.mark.parametrize(
    "data",
    [b'key="' * 20_000, b"password=" + b"a" * 200_000, b"token:" * 40_000, b"\\\"" * 50_000, b"://a:" * 40_000, b"key = '" + b"\\a" * 60_000, b"\n" * 200_000],
)
def test_hostile_text_is_bounded(data):
    begun = time.process_time()
    for line in data.split(b"\n")[:3]:
        assert len(list(candidates(line))) <= PER_LINE + line[:LINE_BYTES].count(b"://")
    SCANNER.scan(data)

    assert time.process_time() - begun < 20


def test_a_tree_goes_low_at_the_limit_and_high_above_it():
    tree = Tree((0, -1, -1), (0.5, 0, 0), (1, 0, 0), (2, 0, 0), (0, -2.0, 3.0))

    assert -2.0 == tree.of([0.5])
    assert 3.0 == tree.of([0.6])
    assert Model(0.0, (tree,), 0.5, "").probability([0.6]) == pytest.approx(0.9525741)


def test_weights_of_other_features_are_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(models, "NAMES", ("other",))
    shipped.cache_clear()
    with pytest.raises(DetectorError):
        shipped()
    shipped.cache_clear()


def test_the_weights_are_plain_numbers_and_hold_no_text_of_a_corpus():
    from importlib import resources

    told = json.loads(resources.files("troth.detectors.context").joinpath("weights.json").read_text())

    assert {"form", "base", "threshold", "features", "trees"} == set(told)
    assert all(isinstance(number, int | float) for tree in told["trees"] for key in tree for number in tree[key])
