"""Redaction: every split point of every kind, known values in every form, clean text untouched, keys of machine learning left alone."""

from __future__ import annotations

import base64
import json
import random
import subprocess
import sys
import urllib.parse

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.detectors.test_rules import RULES, token
from troth.detectors.redaction import Redactor, Registry, StreamRedactor, secret_key
from troth.detectors.rule import Tier
from troth.errors import DetectorError

REDACTOR = Redactor()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_token_of_every_kind_is_taken_out_and_the_rest_stays(rule):
    text, value = token(rule, "redact")
    data = b"2026-11-21 08:03:19 INFO app: " + text + b" -- done\n"
    safe = REDACTOR.bytes(data)
    assert value not in safe
    assert safe.startswith(b"2026-11-21 08:03:19 INFO app: ")
    assert safe.endswith(b"-- done\n")
    assert b"[redacted " in safe


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.tier is Tier.PROVIDER][::3], ids=lambda rule: rule.id)
def test_no_split_point_lets_a_token_through(rule):
    text, value = token(rule, "split")
    data = b"before " + text + b" after\n"
    points = range(1, len(data)) if len(data) < 120 else range(1, len(data), len(data) // 60)
    for point in points:
        stream = StreamRedactor(REDACTOR)
        out = stream.write(data[:point]) + stream.write(data[point:]) + stream.flush()
        assert value not in out, point


def test_tokens_in_a_flood_without_line_ends_do_not_slip_through():
    chance = random.Random(4)
    made = [token(rule, "flood") for rule in RULES if rule.tier is Tier.PROVIDER and rule.reach < 700]
    data = b" ".join(text + b" lorem ipsum" * chance.randrange(9) for text, _ in made)
    stream, out, at = StreamRedactor(REDACTOR), b"", 0
    while at < len(data):
        step = chance.randrange(1, 700)
        out += stream.write(data[at : at + step])
        assert stream.held <= 20_000
        at += step
    out += stream.flush()
    assert [
        rule.id
        for rule, (_, value) in zip([r for r in RULES if r.tier is Tier.PROVIDER and r.reach < 700], made, strict=True)
        if value in out
    ] == []


def test_a_private_key_written_line_by_line_is_held_until_its_end():
    rule = next(rule for rule in RULES if rule.id == "private-key")
    text, value = token(rule, "lines")
    stream, out = StreamRedactor(REDACTOR), b""
    for line in (b"start\n" + text + b"\nend\n").splitlines(keepends=True):
        out += stream.write(line)
    out += stream.flush()
    assert not [line for line in value.split() if line in out]
    assert out.startswith(b"start\n")
    assert out.endswith(b"\nend\n")


@given(st.text(max_size=400))
@settings(max_examples=150, deadline=None)
def test_redacting_twice_changes_nothing_more_and_never_fails(text):
    once = REDACTOR.text(text)
    assert REDACTOR.text(once) == once


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=6))
@settings(max_examples=150, deadline=None)
def test_a_stream_loses_and_adds_nothing(data, cuts):
    stream, out, last = StreamRedactor(REDACTOR), b"", 0
    for cut in sorted({min(cut, len(data)) for cut in cuts}):
        out += stream.write(data[last:cut])
        last = cut
    out += stream.write(data[last:]) + stream.flush()
    assert out == data or b"[redacted " in out


def test_clean_text_comes_back_as_the_same_object():
    text = "GET /health 200 in 3 ms, 12 tokens used, request 9f2c"
    assert REDACTOR.text(text) is text


@pytest.mark.parametrize(
    "form",
    [
        lambda v: v, lambda v: v.encode().hex(), lambda v: base64.b64encode(v.encode()).decode(),
        lambda v: base64.b64encode(b"user:" + v.encode()).decode(), lambda v: base64.b64encode(b"ab" + v.encode() + b"z").decode(),
        lambda v: urllib.parse.quote(v, safe=""), urllib.parse.quote_plus, lambda v: json.dumps(v)[1:-1], lambda v: repr(v)[1:-1],
    ],
)  # fmt: skip
@pytest.mark.parametrize("value", ["correct horse battery", 'p"a\\ss\nwörd/+=&', "s3cr3t!x"])
def test_known_values_are_found_in_every_form(form, value):
    registry = Registry()
    assert registry.add(value, "known-db")
    redactor = Redactor(registry=registry)
    text = f"connecting with <{form(value)}> now"
    safe = redactor.text(text)
    assert "[redacted known-db" in safe
    assert form(value) not in safe


@pytest.mark.parametrize("value", ["", "abc", "password", "aaaaaaaaaa", "development", "123456"])
def test_values_that_would_destroy_logs_are_refused(value):
    assert not Registry().add(value)


def test_an_environment_is_registered_by_its_names():
    registry = Registry()
    count = registry.add_mapping(
        {"DB_PASSWORD": "tr0ub4dor&3", "MAX_TOKENS": "4096-tokens", "HOME": "/home/robin"}, names=["EXTRA"]
    )
    assert count == 1
    assert len(registry) == 1


@pytest.mark.parametrize(
    "name",
    [
        "api_key",
        "DB_PASSWORD",
        "clientSecret",
        "client_secret",
        "token",
        "X-Token",
        "access_token",
        "GITHUB_TOKEN",
        "HF_TOKEN",
        "authorization",
        "aws_secret_access_key",
        "OPENAI_API_KEY",
        "privateKey",
        "passwd",
        "refreshToken",
        "Set-Cookie",
        "webhook_secret",
        "credentials",
    ],
)
def test_names_of_secrets_are_known(name):
    assert secret_key(name)


@pytest.mark.parametrize(
    "name",
    [
        "token_count",
        "max_tokens",
        "tokenizer",
        "pad_token",
        "eos_token",
        "num_tokens",
        "token_ids",
        "session_id",
        "primary_key",
        "foreign_key",
        "secretary",
        "keyboard",
        "tokens",
        "unk_token",
        "bos_token_id",
        "total_tokens",
        "password_length",
        "secret_name",
        "token_type",
        "key",
        "monkey",
        "max_new_tokens",
        "hide_password_field",
    ],
)
def test_names_of_machine_learning_and_of_plain_things_are_left_alone(name):
    assert not secret_key(name)


def test_markers_say_which_rule_and_never_a_part_of_the_value():
    rule = next(rule for rule in RULES if rule.id == "huggingface-user-token")
    text, value = token(rule, "marker")
    safe = REDACTOR.bytes(b"a " + text + b" b")
    assert safe.startswith(b"a [redacted huggingface-user-token #")
    assert not any(value[at : at + 6] in safe for at in range(3, len(value) - 6))
    assert REDACTOR.bytes(text) == REDACTOR.bytes(text)
    assert Redactor(key=b"1" * 32).bytes(text) != Redactor(key=b"2" * 32).bytes(text)


def test_importing_the_redactor_is_light():
    code = "import sys, troth.detectors.redaction; print([m for m in ('hyperscan','re2','numpy','yaml','click','dulwich') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_engine_that_is_not_known_is_an_error():
    from troth.detectors.scanner import default

    with pytest.raises(DetectorError):
        default("fastest")


@pytest.mark.parametrize("command", ["mysql -p%s", "mysql -p'%s'", "mariadb -h db -p%s shop", "mysqldump.exe --all -p%s"])
def test_a_password_joined_to_its_option_goes_also_where_it_is_the_first(command):
    assert "Hunter2x" not in REDACTOR.text(command % "Hunter2x")


@pytest.mark.parametrize(
    "shown",
    ["\\u007aQ7-Vhk29sLmWx0pTd4/x", "zQ7-Vhk29sLm%57x0pTd4/x", "zQ7-Vhk29sLmWx0pTd4&#47;x", "zQ7%2DVhk29sLmWx0pTd4%2Fx", "z Q 7 - V h k 2 9 s L m W x 0 p T d 4 / x", "> zQ7-Vhk29s\n> LmWx0pTd4/x", "ZQ7-VHK29SLMWX0PTD4/X", "['z', 'Q', '7', '-', 'V', 'h', 'k', '2', '9', 's', 'L', 'm', 'W', 'x', '0', 'p', 'T', 'd', '4', '/', 'x']"],
)
def test_a_known_value_goes_whole_however_it_is_disguised_and_what_stands_around_it_stays(shown):
    redactor = Redactor()
    redactor.registry.add("zQ7-Vhk29sLmWx0pTd4/x", "disguised")
    before, after = "user 7%20 said: ", ", and then 100%25 more\n"
    safe = redactor.text(before + shown + after)

    assert safe.removeprefix(before).lstrip("> ['").startswith("redacted disguised")
    assert safe.endswith(after)
    assert "Wx0" not in safe


def test_short_or_wordy_values_are_not_looked_for_by_their_letters_alone():
    redactor = Redactor()
    for value in ("correct-horse-battery", "staging 2024", "abc-123-def"):
        redactor.registry.add(value)
    for text in ("Correct: horse, battery", "Staging; 2024", "A.B.C 1.2.3 D.E.F"):
        assert redactor.text(text) is text


def test_the_value_beside_its_name_in_a_list_of_settings_goes():
    redactor = Redactor()
    assert "hunter2x" not in redactor.text('env: [{"name": "DB_PASSWORD", "value": "hunter2x"}, {"name": "COLOUR", "value": "red"}]')
    text = '{"name": "COLOUR", "value": "red1"}'
    assert redactor.text(text) is text
