from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.desk.cases import START
from troth.desk.cra_drafts import STAGES, draft
from troth.desk.security_txt import SecurityTxt, SecurityTxtError, parse_security_txt, write_security_txt
from troth.errors import DeskError

FULL = SecurityTxt(
    ("https://maple.example/report", "mailto:security@maple.example"),
    START + timedelta(days=200),
    encryption=("https://maple.example/key.asc",),
    acknowledgments=("https://maple.example/thanks",),
    policy=("https://maple.example/policy",),
    canonical=("https://maple.example/.well-known/security.txt",),
    csaf=("https://maple.example/csaf/provider-metadata.json",),
    languages=("en", "de-AT"),
)


def test_what_is_written_reads_back() -> None:
    text = write_security_txt(FULL, now=START, notes=["Reports are paused\nuntil May."])

    assert text.startswith("# Reports are paused until May.\nContact: https://maple.example/report\n")
    assert parse_security_txt(text.encode()) == FULL
    assert parse_security_txt(text.replace("\n", "\r\n").encode()) == FULL


def test_a_second_reader_finds_no_error() -> None:
    sectxt = pytest.importorskip("sectxt")
    text = write_security_txt(replace(FULL, expires=START.replace(year=2027)), now=START)
    parser = sectxt.Parser(text.encode())
    assert [error["code"] for error in parser.errors if error["code"] != "expired"] == []


def test_a_signed_file_is_read_and_said_to_be_signed() -> None:
    text = write_security_txt(FULL, now=START)
    signed = f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{text}-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n"

    assert parse_security_txt(signed.encode()) == replace(FULL, signed=True)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Expires: 2027-01-01T00:00:00Z\n", "Contact"),
        ("Contact: mailto:a@b.example\n", "one Expires"),
        ("Contact: mailto:a@b.example\nExpires: 2027-01-01T00:00:00Z\nExpires: 2027-01-01T00:00:00Z\n", "one Expires"),
        ("Contact: a@b.example\nExpires: 2027-01-01T00:00:00Z\n", "no URI"),
        ("Contact: http://b.example\nExpires: 2027-01-01T00:00:00Z\n", "no URI"),
        ("Contact: mailto:a@b.example\nExpires: tomorrow\n", "RFC 3339"),
        ("Contact: mailto:a@b.example\nExpires: 2027-01-01T00:00:00\n", "zone"),
        ("Contact: mailto:a@b.example\nExpires: 2027-01-01T00:00:00Z\nPreferred-Languages: en\nPreferred-Languages: de\n", "one Preferred"),
        ("Contact: mailto:a@b.example\nExpires: 2027-01-01T00:00:00Z\nhello\n", "line 3"),
        ("-----BEGIN PGP SIGNED MESSAGE-----\n\nContact: mailto:a@b.example\n", "no signature"),
        ("x" * 70_000, "64 KiB"),
    ],
)
def test_what_breaks_the_rfc_is_refused_with_its_line(text: str, says: str) -> None:
    with pytest.raises(SecurityTxtError, match=says):
        parse_security_txt(text.encode())


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: f"Contact: mailto:a@b.example\nExpires: 2027-01-01T00:00:00Z\n{text}".encode("utf-8", "replace"))))
def test_no_bytes_crash_the_reader(data: bytes) -> None:
    try:
        assert parse_security_txt(data).contact
    except SecurityTxtError as error:
        assert str(error)


@pytest.mark.parametrize(
    "change",
    [{"contact": ()}, {"contact": ("a@b",)}, {"contact": ("mailto:a@b.example\nExpires: x",)}, {"expires": START}, {"expires": START + timedelta(days=400)}, {"languages": ("not a tag!",)}, {"policy": ("http://x.example",)}],
)
def test_what_would_break_the_rfc_is_not_written(change: dict) -> None:
    with pytest.raises(SecurityTxtError):
        write_security_txt(replace(FULL, **change), now=START)


def test_unknown_fields_are_kept_and_passed_over() -> None:
    text = write_security_txt(FULL, now=START) + "Bug-Bounty: False\n"

    assert parse_security_txt(text.encode()).unknown == (("Bug-Bounty", "False"),)


def test_a_draft_for_the_authority_counts_characters_and_names_what_is_missing() -> None:
    made = draft("notification", {"title": "x", "product": "leaf", "nature": "n" * 4_001, "measures_taken": "m"})

    assert [(one.name, one.over, one.missing) for one in made.fields] == [
        ("title", 0, False), ("product", 0, False), ("nature", 1, False), ("measures_taken", 0, False), ("measures_users", 0, True), ("sensitivity", 0, False),
    ]  # fmt: skip
    assert not made.ready
    assert draft("early-warning", {"title": "x", "product": "leaf"}).ready


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_can_be_made_ready(stage: str) -> None:
    whole = draft(stage, {one.name: "x" for one in STAGES[stage]})

    assert whole.ready
    assert not draft(stage, {}).ready


@pytest.mark.parametrize(("stage", "texts"), [("later", {}), ("final", {"colour": "red"})])
def test_no_other_stage_or_field_exists(stage: str, texts: dict) -> None:
    with pytest.raises(DeskError):
        draft(stage, texts)
