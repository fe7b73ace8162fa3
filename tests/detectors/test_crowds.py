"""Texts that consist of little else than secrets, labels or encoded runs: everything goes, in one way or another, and what is none of it stays."""

from __future__ import annotations

import base64
import random
import string

import pytest

from troth.detectors.redaction import Redactor, Registry
from troth.detectors.redaction.forms import Forms

REDACTOR = Redactor()
WORD = string.ascii_letters + string.digits
chance = random.Random(11)


def some(count: int) -> str:
    return "".join(chance.choices(WORD, k=count))


def test_every_value_of_thousands_of_labels_goes():
    values = [some(9) for _ in range(3_000)]
    names = ["password", "db_password", "client_secret", "apiKey", "Authorization: Bearer", "x-token"]
    text = "\n".join(
        f"{names[number % 6]}{': ' if number % 2 else '='}{value}" for number, value in enumerate(values)
    )

    safe = REDACTOR.text(text)

    assert not [value for value in values if value in safe]


def test_names_that_are_all_different_go_too():
    values = [some(9) for _ in range(3_000)]

    safe = REDACTOR.text("\n".join(f"{some(4)}_password={value}" for value in values))

    assert not [value for value in values if value in safe]


def test_passwords_in_thousands_of_addresses_go():
    values = [some(9) for _ in range(2_000)]

    safe = REDACTOR.text(" ".join(f"postgres://u{number}:{value}@db/x" for number, value in enumerate(values)))

    assert not [value for value in values if value in safe]


def test_a_crowd_of_labels_that_are_not_secret_stays():
    text = "\n".join(f'{{"key": "colour-{number}", "max_tokens": {number}, "tokenizer": "bpe"}}' for number in range(1_000))

    assert REDACTOR.text(text) is text


def test_one_secret_in_a_crowd_of_others_goes_alone():
    text = "\n".join(f"max_tokens: {number}" for number in range(4_000)) + "\npassword: Hq8zLw3vTn5kXs2p\n"

    safe = REDACTOR.text(text)

    assert "Hq8zLw3vTn5kXs2p" not in safe
    assert safe.startswith(text[:50_000])


def test_a_value_of_several_bytes_a_letter_is_never_cut():
    text = "password=" + "ü" * 5_000 + " key=1" * 3_000

    assert "�" not in REDACTOR.text(text)


@pytest.mark.parametrize(
    "encode",
    [
        lambda token: base64.b64encode(token.encode()).decode(), lambda token: token.encode().hex(),
        lambda token: "".join(f"%{byte:02x}" for byte in token.encode()),
    ],
)  # fmt: skip
def test_decoys_do_not_spend_what_an_encoded_token_needs(encode):
    decoys = " ".join(encode("ghp_" + some(20)) for _ in range(3_000))
    real = encode("ghp_" + some(36))

    assert real not in REDACTOR.text(f"{decoys}\n{real} end")


def test_thousands_of_joints_without_a_token_stay_and_with_one_go():
    lines = [f'    text{number}: "first part of it"+"and the second",' for number in range(1_200)]
    token = some(36)

    assert REDACTOR.text("\n".join(lines)) == "\n".join(lines)
    assert token[10:] not in REDACTOR.text("\n".join([*lines, f'key = "ghp_{token[:10]}" + "{token[10:]}"', *lines]))


def test_thousands_of_tokens_go():
    tokens = ["ghp_" + some(36) for _ in range(2_000)]

    safe = REDACTOR.text(" ".join(tokens))

    assert not [token for token in tokens if token[4:16] in safe]


def test_many_known_values_are_found_wherever_they_stand():
    registry = Registry()
    values = [some(6 + number % 30) for number in range(200)]
    for value in values:
        assert registry.add(value)
    redactor = Redactor(registry=registry)

    for shift in range(9):
        safe = redactor.text("." * shift + "-".join(values))
        assert not [value for value in values if value in safe]


def test_forms_are_found_at_every_place_and_length():
    for length in (1, 3, 6, 7, 8, 14, 15, 16, 40):
        form = some(length).encode()
        forms = Forms()
        forms.add(form)
        for before in range(20):
            for behind in range(3):
                data = b"." * before + form + b"." * behind
                assert (before, form) in forms.find(data)
        assert forms.find(b"." * 50) == []
