"""The gate lets nothing pass in which the whole way finds something: what is redacted does not depend on it, and it tells clean lines from others."""

from __future__ import annotations

import random

import pytest

from tests.detectors.test_engines import CORPUS
from tests.detectors.test_rules import RULES, token
from troth.detectors.redaction import Redactor
from troth.detectors.redaction.keys import secret_key
from troth.detectors.redaction.labelled import labelled
from troth.detectors.scanner import default

NAMES = [
    "password", "Passwords", "PGPASSWORD", "dbpasswd", "passPhrase", "pwd", "clientSecret", "secret_key_base", "SECRETS", "credentials", "apiKey", "api_key", "API-KEY", "APIKey", "x-api-key", "xa_pi_key", "x_apiKey",
    "private_key", "accessKey", "access--key", "signing_key", "hmacKey", "token", "Token", "x-token", "X_TOKEN", "auth_token", "authtoken", "myAuthToken", "myauthtoken_prod", "bot-token_", "id_token", "tokens", "max_tokens",
    "tokenizer", "token_count", "key", "keys", "primary_key", "monkey", "pad_token", "password_length", "secretary", "secret_name", "passwordAuthentication", "authorization", "Proxy-Authorization", "cookie", "set-cookie",
    "sig", "signature", "bearer", "password_tokens_of_the_old_realm", "credential_for_everything_key", "a" * 50 + "apikey",
]  # fmt: skip
TAILS = [
    "=%s", ": %s", ':"%s"', "' : '%s'", " = b'%s'", "=>%s", ":\t%s", '\\": \\"%s', '", "%s"', "', b'%s'", "><%s<", ">%s<", "</key>\n  <string>%s</string>", " is '%s'", " was %s", ":\n  %s\n", " %s", "=Bearer %s", ": Basic %s", "=?%s&", "\n= %s",
]  # fmt: skip
VALUES = ["hunter2x", "Zx9-kLm3_qWe8rTy", "correct horse", "***", "null", "q1w2e3r4t5y6u7i8o9p0a1s2d3f4g5h6", "été77", "x"]
AROUND = ["%s", "2026-11-21 INFO %s done", "?%s", '{"a": 1, "%s}', "https://host/?q=1&%s", "--%s", "cmd --%s", "[%s]"]
OTHERS = [
    "mysql -pHunter2x", "mysql -h db -pHunter2x", "mysqldump --all -p'Hunter2x'", "mariadb.exe -pHunter2x", "CREATE USER a IDENTIFIED BY 'x9y8z7'", "alter user a identified with foo as '*AB12'", "grant x to y identified by z1z2z3",
    "https://tok1tok1tok1@host/", "ftp://a:b1c2@host", "x://user:p%40ss@h", "://:secret1@", "bearer abcdefghijklmnop", "Bearer  Zx9kLm3qWe8rTy1234", "SK0123456789abcdef0123456789abcdef", "-----BEGIN RSA PRIVATE KEY-----",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA", "H4sIAAAAAAAAA0tMSgYAwkEkNQMAAAA=", "eJxLTEoGAAJNAScabc123", "a\x1b[31mpass\x1b[0mword=hunter2x", "p\x08password=x1y2z3", "\0", "\x7f", "?sig=abcd1234", "&Sig=abcd1234", "x-signature=abcd",
    "Cookie: a=b1b2b3b4", "cookie=sid=1234", "Authorization: Digest username=x", "authorization:AWS4-HMAC-SHA256 Credential=AKIA", "password 'abc1'", "the passphrase is open5esame", "",
]  # fmt: skip


def labels() -> list[str]:
    chance = random.Random(5)
    made = [around % (name + tail % value) for name in NAMES for tail in TAILS for around, value in [(chance.choice(AROUND), chance.choice(VALUES)) for _ in range(4)]]
    parts = ["pass", "word", "wd", "pw", "d", "sec", "ret", "tok", "en", "to", "ken", "key", "api", "auth", "access", "x", "-", "_", "KEY", "Token", "s", "1", "cred", "ential", "s_", "cookie", "shared", "master"]
    made += [chance.choice(AROUND) % ("".join(chance.choices(parts, k=chance.randrange(1, 7))) + chance.choice(TAILS) % chance.choice(VALUES)) for _ in range(6000)]
    return made + OTHERS + [around % text for text in OTHERS for around in AROUND]


@pytest.fixture(params=["hyperscan", "re"])
def redactors(request: pytest.FixtureRequest) -> tuple[Redactor, Redactor]:
    """One with the gate of an engine, which is an automaton or a sieve, and one that always looks the whole way."""
    if request.param == "hyperscan":
        pytest.importorskip("hyperscan")
    scanner = default(request.param)
    gated, whole = Redactor(scanner, key=b"k" * 32), Redactor(scanner, key=b"k" * 32)
    whole._clean = lambda _data: False
    return gated, whole


def test_labelled_values_are_redacted_with_the_gate_as_without_it(redactors):
    gated, whole = redactors
    changed = 0
    for text in labels():
        expected = whole.text(text)
        assert gated.text(text) == expected, text
        assert gated.bytes(text.encode()) == whole.bytes(text.encode()), text
        changed += expected != text
    assert changed > 1_500


def test_tokens_files_and_lines_are_redacted_with_the_gate_as_without_it(redactors):
    gated, whole = redactors
    changed = 0
    for data in CORPUS:
        for part in (data, *data.splitlines()[:200]):
            expected = whole.bytes(part)
            assert gated.bytes(part) == expected
            changed += expected != part
    assert changed > 900


def test_every_token_stops_at_the_gate(redactors):
    gated, _ = redactors
    for rule in RULES:
        text, _ = token(rule, "gate")
        assert not gated._clean(b"INFO app: got " + text + b" ok"), rule.id


def test_wherever_a_label_is_found_the_gate_says_so(redactors):
    gated, _ = redactors
    found = 0
    for text in labels():
        data = text.encode()
        if labelled(data):
            assert not gated._clean(data), text
            found += 1
    assert found > 1_500


def test_clean_lines_pass_the_gate_at_once(redactors):
    gated, _ = redactors
    for line in (b"step=4711 loss=0.0231 tokens=4096", b"tokenizer: bpe, max_tokens: 4096", b'{"request_id": "123e4567-e89b-12d3-a456-426614174000"}', b"GET https://example.org/a/b?page=2 200 12ms", b"monkey: banana",
                 b"layer.0.attention.key.weight (4096, 4096)", b"key = value", b"commit 3f786850e387550fdab836ed7e6dc881de23001b", "Grüße = 1".encode()):  # fmt: skip
        assert gated._clean(line), line


def test_names_that_are_secret_are_among_those_of_the_patterns(redactors):
    """The patterns say of names what `secret_key` says: made of its own words, cut and joined in every way."""
    gated, _ = redactors
    chance = random.Random(11)
    words = ["api", "key", "token", "secret", "pass", "word", "passwd", "auth", "access", "private", "id", "x", "pwd", "phrase", "credential", "shared", "count", "max", "db", "my", "2", "s"]
    secret = 0
    for _ in range(20_000):
        name = chance.choice(("", "_", "-")).join(chance.choice((str, str.title, str.upper))(word) for word in chance.choices(words, k=chance.randrange(1, 5)))
        data = f"{name}=Zx9-kLm3".encode()
        if secret_key(name) and labelled(data):
            secret += 1
            assert not gated._clean(data), name
    assert secret > 3_000


def test_without_a_cache_there_is_no_gate_and_the_same_is_redacted(monkeypatch):
    pytest.importorskip("hyperscan")
    scanner = default("hyperscan")
    monkeypatch.setenv("TROTH_CACHE", "")
    redactor = Redactor(scanner)
    assert redactor._clean == redactor._clean_by_parts
    monkeypatch.undo()
    gated = Redactor(scanner)
    assert gated._clean != gated._clean_by_parts
    assert ["[redacted" in redactor.text(text) for text in OTHERS] == ["[redacted" in gated.text(text) for text in OTHERS]


@pytest.mark.parametrize("engine", ["re2", "re"])
def test_engines_without_a_gate_redact_the_same_labels(engine):
    pytest.importorskip("hyperscan")
    if engine == "re2":
        pytest.importorskip("re2")
    gated, other = Redactor(default("hyperscan"), key=b"k" * 32), Redactor(default(engine), key=b"k" * 32)
    for text in (*OTHERS, *labels()[::12]):
        assert other.text(text) == gated.text(text), text
