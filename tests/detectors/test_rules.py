"""Every rule finds its own tokens in every surrounding that matters, and lets near misses go. Tokens are made here, never written down."""

from __future__ import annotations

import base64
import random
import re

import pytest

from tests.detectors import made_tokens
from troth.detectors import loading, shapes
from troth.detectors.rule import Proof, Rule, Tier
from troth.detectors.scanner import default, entropy
from troth.errors import DetectorError

ALL, _ = loading.load()
RULES = [rule for rule in ALL if not rule.public]
AROUND = (
    b"%s",
    b"x = %s\n",
    b'{"k": "line\\n%s"}',
    b"a=1 b=%s, c=2",
    b"\x00%s\x00",
    b"<td>%s</td>",
    b"('%s')",
    b"x: %s\r\ny: 2",
)


def token(rule: Rule, seed: object) -> tuple[bytes, bytes]:
    for number in range(50):
        text, value = made_tokens.token(rule, random.Random(f"{rule.id}/{seed}/{number}"))
        if entropy(value) >= rule.entropy:
            return text, value
    raise AssertionError(f"{rule.id}: the entropy threshold excludes its own tokens")


def ids(rule: Rule) -> str:
    return rule.id


def test_there_are_more_than_400_rules_with_their_source():
    assert len(RULES) >= 400
    assert len({rule.id for rule in ALL}) == len(ALL)
    for rule in ALL:
        assert re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)+|jwt", rule.id), rule.id
        assert rule.docs.startswith("https://"), rule.id
        assert rule.title, rule.id


@pytest.mark.parametrize("rule", RULES, ids=ids)
def test_a_rule_finds_every_one_of_its_tokens(rule):
    scanner = default()
    for number in range(6):
        text, value = token(rule, number)
        for around in AROUND:
            data = around % text
            found = scanner.scan(data, everything=True)
            covering = [match for match in found if value in match.value(data)]
            assert covering, (rule.id, around)
            assert any(match.rule.id == rule.id for match in covering) or rule.tier is Tier.NEAR or rule.general, (
                rule.id,
                [match.rule.id for match in covering],
            )


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.tier is Tier.PROVIDER], ids=ids)
def test_a_token_inside_of_a_longer_word_is_not_one(rule):
    scanner = default()
    text, _ = token(rule, "glued")
    data = b"q" + text + b"q"
    assert not [match for match in scanner.scan(data) if match.rule.id == rule.id and match.outer_start == 1]


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES if rule.proof in ("crc32-base62", "macaroon", "bech32", "base58check")], ids=ids
)
def test_a_checksum_proves_and_disproves(rule):
    scanner = default()
    text, _ = token(rule, "proof")
    assert [match.proof for match in scanner.scan(text) if match.rule.id == rule.id] == [Proof.PROVED]
    middle = len(text) // 2
    other = b"7" if text[middle : middle + 1] != b"7" else b"9"
    broken = text[:middle] + other + text[middle + 1 :]
    if rule.proof != "macaroon":
        assert not [match for match in scanner.scan(broken) if match.rule.id == rule.id]


@pytest.mark.parametrize("rule", RULES, ids=ids)
def test_a_shape_is_in_every_token_and_every_literal_set_is_met(rule):
    shape = re.compile(rule.shape.encode("latin-1"), re.DOTALL)
    for number in range(4):
        text, _ = token(rule, f"shape{number}")
        assert shape.search(text), rule.id
        assert not rule.literals or any(literal.encode("latin-1") in text.lower() for literal in rule.literals)


@pytest.mark.parametrize("pattern", ["a+", "(?:a{1,50}){1,50}", r"(a)\1{3}", "a{1,90000}"])
def test_patterns_that_could_be_slow_are_refused(pattern):
    with pytest.raises(DetectorError):
        shapes.check_linear(pattern)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "provider = 'x'",
        "provider='x'\ndocs='y'\n[rules.a-b]\ntitle='t'",
        "provider='x'\ndocs='y'\n[rules.a-b]\ntitle='t'\npattern='a('",
        "provider='x'\ndocs='y'\n[rules.a-b]\ntitle='t'\npattern='abcd'\nproof='none-such'",
        "provider='x'\ndocs='y'\n[rules.a-b]\ntitle='t'\npattern='abcd'\nentropi=1.0",
        "provider='x'\ndocs='y'\n[rules.a-b]\npattern='abcd'",
        "provider='x'\ndocs='y'\n[rules.a-b]\ntitle='t'\nnear='abcd'",
    ],
)
def test_a_half_made_rule_file_is_fatal(tmp_path, text):
    path = tmp_path / "x.toml"
    path.write_text(text)
    with pytest.raises(DetectorError):
        loading.read_rule_file(path)


@pytest.mark.parametrize(
    "text",
    [
        b"gh" + b"p_" + b"x" * 36,
        b"AKIA" + b"IOSFODNN7EXAMPLE",
        b"hf" + b"_" + b"x" * 34,
        b"sk_live_" + b"0" * 24,
        b"api_key = your-api-key-goes-here-please",
        b"postgres://user:password@localhost/db",
        b"postgres://${USER}:${PASS}@host/db",
        b"https://user:changeme@example.org/",
        b"http://proxy-user:proxy-pass@127.0.0.1:7890",
        b"def test_live_state_is_kept_when_the_probe_is_temporarily_unavailable(",
        b"Authorization: Basic dXNlcjpwYXNzd29yZA==",
        b"Authorization: Bearer " + b"eyJhbGciOiJIUzI1NiIs",
        b"Authorization: Bearer your-access-token-here",
        b"commit da39a3ee5e6b4b0d3255bfef95601890afd80709",
        b"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        b"123e4567-e89b-12d3-a456-426614174000",
        b"integrity sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==",
        b"max_tokens=4096 token_count=12 tokenizer=gpt2 pad_token_id=50256",
        b"the secretary wrote a password policy",
    ],
)
def test_placeholders_and_ordinary_text_raise_no_alarm(text):
    assert default().scan(text) == []


@pytest.mark.parametrize("label", ["PRIVATE KEY", "RSA PRIVATE KEY"])
def test_a_key_is_proved_by_its_whole_form_and_a_filler_is_not(label):
    """What begins as a key and is cut, or repeats one line, stays a finding that nobody has proved."""
    whole = made_tokens.pem(random.Random(7), label)
    lines = whole.split(b"\n")
    cut = b"\n".join([*lines[:6], lines[-1]])
    filler = b"\n".join([lines[0], *[lines[1]] * 4, lines[-1]])
    found = {text: [match.proof for match in default().scan(text) if match.rule.proof == "pem"] for text in (whole, cut, filler)}
    assert found[whole] == [Proof.PROVED]
    assert found[cut] == found[filler] == [Proof.UNVERIFIED]


def test_a_short_key_is_proved_too():
    seed = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20" + random.Random(8).randbytes(32)
    text = b"-----BEGIN PRIVATE KEY-----\n" + base64.b64encode(seed) + b"\n-----END PRIVATE KEY-----"
    assert [match.proof for match in default().scan(text) if match.rule.proof == "pem"] == [Proof.PROVED]
