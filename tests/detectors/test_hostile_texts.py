"""Texts made to cost time or to be taken for something else: what is not read goes, and what is read keeps its letters."""

from __future__ import annotations

import base64
import random
import string
import zlib

import pytest

from tests.attacks.redaction.grammar import plans, text_of
from troth.detectors.matching import CrowdedError
from troth.detectors.redaction import Redactor, crowded
from troth.detectors.scanner import default

REDACTOR = Redactor()
chance = random.Random(23)
KEYS = string.ascii_uppercase + "234567"


def key() -> str:
    return "AKIA" + "".join(chance.choices(KEYS, k=16))


def packed(text: bytes) -> bytes:
    return base64.b64encode(zlib.compress(text))


def test_a_decoy_that_only_shows_as_it_is_does_not_save_one_that_only_shows_as_it_reads():
    decoy, hidden = key(), key()
    text = f"first {decoy}\u200bfoo then {hidden[:2]}\u200b{hidden[2:]} end"

    safe = REDACTOR.text(text)

    assert decoy not in safe
    assert hidden not in safe.replace("\u200b", "")
    assert safe.startswith("first ")
    assert safe.endswith(" end")


def test_many_decoys_make_the_whole_text_go():
    decoys, hidden = [key() for _ in range(60)], key()
    text = " ".join(f"{decoy}\u200bfoo" for decoy in decoys) + f" {hidden[:2]}\u200b{hidden[2:]}"

    safe = REDACTOR.text(text).replace("\u200b", "")

    assert not [secret for secret in (*decoys, hidden) if secret in safe]


def test_a_secret_in_a_text_of_many_letters_goes_and_the_text_stays():
    assert REDACTOR.text("привет password=Hq8zLw3vTn мир 🎉").startswith("привет password=[redacted")
    assert REDACTOR.text("привет, мир 🎉") == "привет, мир 🎉"


@pytest.mark.parametrize("engine", ["hyperscan", "re2", "re"])
def test_more_beginnings_than_a_redaction_follows_are_refused_by_every_engine(engine):
    pytest.importorskip({"hyperscan": "hyperscan", "re2": "re2", "re": "re"}[engine])
    text = " ".join(key() for _ in range(200)).encode()

    with pytest.raises(CrowdedError):
        default(engine)._engine.candidates(text, 0, len(text), [100])
    left = [10_000]
    assert default(engine)._engine.candidates(text, 0, len(text), left)
    assert left[0] < 10_000


@pytest.mark.parametrize("engine", ["hyperscan", "re2", "re"])
def test_nothing_of_a_text_of_nothing_but_beginnings_comes_out(engine):
    pytest.importorskip({"hyperscan": "hyperscan", "re2": "re2", "re": "re"}[engine])
    keys = [key() for _ in range(5_000)]

    safe = Redactor(default(engine)).text("/".join(keys))

    assert not [one for one in keys if one in safe]


def test_what_unpacks_to_itself_is_not_unpacked_for_ever(monkeypatch):
    text = b"nothing"
    for _ in range(12):
        text = b" ".join([packed(text)] * 16)
    unpacked = []
    real = zlib.decompressobj
    monkeypatch.setattr(zlib, "decompressobj", lambda **named: unpacked.append(1) or real(**named))

    REDACTOR.text(text.decode())

    assert len(unpacked) <= 64 + len(text) // 500


def test_a_compressed_secret_behind_many_compressed_texts_goes():
    secret = packed(b"the key is " + key().encode()).decode()
    text = " ".join(packed(f"harmless {number}".encode()).decode() for number in range(600)) + f" {secret}"

    assert secret not in REDACTOR.text(text)


def test_a_compressed_secret_in_a_compressed_text_goes():
    secret = packed(b"log: " + packed(b"the key is " + key().encode())).decode()

    assert secret not in REDACTOR.text(f"attached {secret} end")


def test_compressed_texts_without_a_secret_stay():
    text = " ".join(packed(f"harmless {number}".encode()).decode() for number in range(30))

    assert REDACTOR.text(text) == text


def test_a_name_that_is_used_everywhere_is_no_crowd_of_values():
    code = "\n".join(f"x{number} = tokens[{number}]; if token: y = 1; z = max_tokens" for number in range(600)) + "\npassword = Hq8zLw3vTn5kXs2p\n"

    safe = REDACTOR.text(code)

    assert "Hq8zLw3vTn5kXs2p" not in safe
    assert safe.startswith("x0 = tokens[0]; if token: y = 1;")


def test_a_long_name_in_a_crowd_is_judged_by_its_end():
    text = ("y" * 200 + "_password=Hq8zLw3vTn ") + "key=1 " * 2_000
    assert crowded.is_crowded(text.encode())

    assert "Hq8zLw3vTn" not in REDACTOR.text(text)


def test_whatever_the_grammar_makes_comes_out_as_text():
    made = plans(random.Random(5))

    for _ in range(120):
        text = text_of(next(made), 6_000)
        safe = REDACTOR.text(text)
        assert isinstance(safe, str)
        assert isinstance(REDACTOR.bytes(text.encode("utf-8", "surrogatepass")), bytes)
