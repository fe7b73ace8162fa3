"""Entries that are looked through together are kept exactly as each would be alone."""

from __future__ import annotations

import itertools
import json
import random

import pytest

from troth.detectors.redaction import Redactor
from troth.ledger.entry import Entry, EntryError, Leaf, kept, kept_many, leaf_bytes, parse_leaf

SECRET = "ghp_" + "".join(random.Random(7).choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", k=36))
PARTS = {
    "plain": {"state": "running", "n": 1},
    "digests": {"plan": "9c9296b0" * 8, "root": ["ab" * 32, "cd" * 32]},
    "in a value": {"note": SECRET},
    "in a list": {"steps": ["plan", SECRET]},
    "as a key": {SECRET: 1},
    "behind a name": {"password": "correct horse"},
    "behind a name in a text": {"says": "password=hunter2hunter2"},
    "with an escape": {"note": f"line\nother {SECRET}"},
    "in another script": {"who": "Ана", "note": SECRET},
    "a name at the end": {"a": "the secret ="},
    "a beginning without an end": {"z": "-----BEGIN PRIVATE KEY-----"},
    "nested": {"a": {"b": [{"c": SECRET}]}},
    "numbers": {"a": [1, 2.5, True, None, -7]},
}


def one(body: dict[str, object], **changed: str) -> Entry:
    return Entry(**{"kind": "job.step", "at": 1_700_000_000_000, "actor": "robot", "subject": "job 1", "body": body, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize(("left", "right"), list(itertools.product(PARTS, PARTS)), ids=" | ".join)
def test_a_neighbour_neither_hides_a_secret_nor_makes_one(left: str, right: str) -> None:
    redactor = Redactor(key=b"k" * 32)
    entries = [one(PARTS[left]), one(PARTS[right]), one({"last": 1})]

    together = kept_many(entries, redactor)

    assert list(together) == [kept(entry, redactor) for entry in entries]
    assert not any(SECRET.encode() in safe.body for safe in together)


def test_a_secret_in_any_place_of_a_long_batch_is_taken_out_and_the_rest_stays() -> None:
    redactor = Redactor()
    for place in (0, 1, 23, 24, 25, 98, 99):
        entries = [one({"n": number, "pad": "x" * 200, **({"note": SECRET} if number == place else {})}) for number in range(100)]

        found = kept_many(entries, redactor)

        assert [number for number, safe in enumerate(found) if b"[redacted" in safe.body] == [place]
        assert all(json.loads(safe.body)["n"] == number for number, safe in enumerate(found))


@pytest.mark.parametrize("name", ["actor", "subject"])
def test_a_secret_in_a_name_is_taken_out_beside_others(name: str) -> None:
    found = kept_many([one({"n": 1}), one({"n": 2}, **{name: SECRET}), one({"n": 3})], Redactor())

    assert SECRET not in getattr(found[1], name)
    assert getattr(found[0], name) == getattr(found[2], name)


@pytest.mark.parametrize("body", [{1: "x"}, {"a": {2: "y"}}, {"a": float("nan")}, {"a": object()}, {"a": {3}}])
def test_what_is_no_json_refuses_the_whole_batch(body: dict[str, object]) -> None:
    with pytest.raises(EntryError):
        kept_many([one({"n": 1}), one(body)], Redactor())


def test_depth_is_counted_alike_for_texts_and_for_what_is_plain() -> None:
    def nested(depth: int, leaf: object) -> dict[str, object]:
        value: object = leaf
        for _ in range(depth):
            value = {"a": value}
        return {"a": value}

    for leaf in ("text", 1, "with \" an escape"):
        assert kept(one(nested(31, leaf)), Redactor()).body
        with pytest.raises(EntryError):
            kept(one(nested(32, leaf)), Redactor())


def test_a_leaf_is_spelled_as_json_with_sorted_keys_would_be() -> None:
    leaf = Leaf(7, "troth/jobs/a/b", "job.step", 1_700_000_000_000, 'a"b\\c/é\u2603\U0001f600', "job <7> & more", "ab" * 32)
    told = {"actor": leaf.actor, "at": leaf.at, "body": leaf.body, "kind": leaf.kind, "log": leaf.log, "number": leaf.number, "subject": leaf.subject, "v": 1}

    assert leaf_bytes(leaf) == json.dumps(told, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()
    assert parse_leaf(leaf_bytes(leaf)) == leaf
