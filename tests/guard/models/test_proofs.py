"""Remembered proofs: an unchanged file is not proved twice, and nothing else is ever taken for one. And digests of other kinds."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import time
from pathlib import Path

import pytest

from troth.errors import GuardError
from troth.guard import models
from troth.guard.models import loading


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "weights.pkl"
    path.write_bytes(pickle.dumps({"w": [1.0]}))
    return path


@pytest.fixture
def memory(tmp_path, monkeypatch):
    monkeypatch.setattr("troth.guard.models.proofs._STILL_NS", 0)
    return models.ProofMemory(tmp_path / "own" / "proofs.json")


@pytest.fixture
def proofs(monkeypatch):
    """Counts the proofs that are really made."""
    made = []
    real = loading.judge
    monkeypatch.setattr(loading, "judge", lambda *a, **k: made.append(a[1]) or real(*a, **k))
    return made


def test_an_unchanged_file_is_proved_once_also_by_a_later_process(model, memory, proofs, tmp_path):
    first = models.load(model, memory=memory)
    second = models.load(model, memory=models.ProofMemory(tmp_path / "own" / "proofs.json"))

    assert first.value == second.value
    assert 1 == len(proofs)
    assert first.receipt.digest == second.receipt.digest


@pytest.mark.parametrize("way", ["content", "same size and time", "replaced", "policy", "limits", "allowed"])
def test_whatever_changes_asks_for_a_new_proof(model, memory, proofs, way, tmp_path):
    models.load(model, memory=memory)
    before = model.stat()
    more = {}
    if way == "content":
        model.write_bytes(pickle.dumps({"w": [2.0, 3.0]}))
    elif way == "same size and time":
        model.write_bytes(pickle.dumps({"w": [2.0]}))
        os.utime(model, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert before.st_size == model.stat().st_size
    elif way == "replaced":
        (tmp_path / "new.pkl").write_bytes(model.read_bytes())
        os.replace(tmp_path / "new.pkl", model)
    else:
        more = {"policy": {"policy": "libs"}, "limits": {"limits": models.Limits(max_memory=1 << 20)}, "allowed": {"extra_allow": [Path]}}[way]
    models.load(model, memory=memory, **more)

    assert 2 == len(proofs)


def test_a_hostile_file_in_the_place_of_a_proved_one_is_refused_even_with_its_times_set_back(model, memory):
    class Runs:
        def __reduce__(self):
            return os.system, ("true",)

    models.load(model, memory=memory)
    before = model.stat()
    model.write_bytes(pickle.dumps(Runs()))
    os.utime(model, ns=(before.st_atime_ns, before.st_mtime_ns))

    with pytest.raises(GuardError, match="refused"):
        models.load(model, memory=memory)


def test_a_file_that_changed_just_now_is_not_remembered(model, tmp_path, proofs):
    memory = models.ProofMemory(tmp_path / "own" / "proofs.json")
    models.load(model, memory=memory)
    models.load(model, memory=memory)

    assert 2 == len(proofs)


def test_a_remembered_digest_is_held_against_what_is_expected(model, memory):
    models.load(model, memory=memory)

    with pytest.raises(GuardError, match="expected is"):
        models.load(model, memory=memory, expect="sha256:" + "0" * 64)


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX")
def test_a_memory_that_others_can_write_or_that_is_none_is_refused(tmp_path):
    folder = tmp_path / "own"
    folder.mkdir(mode=0o700)
    file = folder / "proofs.json"
    file.write_text(json.dumps({"form": 1, "troth": "0", "proofs": {}}))
    file.chmod(0o666)
    with pytest.raises(GuardError, match="chmod"):
        models.ProofMemory(file)
    file.chmod(0o600)
    file.write_text("nonsense")
    with pytest.raises(GuardError, match="no memory"):
        models.ProofMemory(file)
    folder.chmod(0o777)
    with pytest.raises(GuardError, match="chmod"):
        models.ProofMemory(folder / "other.json")
    folder.chmod(0o700)
    (folder / "link.json").symlink_to(file)
    with pytest.raises(GuardError):
        models.ProofMemory(folder / "link.json")


def test_an_older_memory_is_forgotten_and_not_trusted(tmp_path):
    file = tmp_path / "own" / "proofs.json"
    file.parent.mkdir(mode=0o700)
    file.write_text(json.dumps({"form": 1, "troth": "0.0.0", "proofs": {"1:2:3": {}}}))
    file.chmod(0o600)

    assert models.ProofMemory(file).receipt("1:2:3") is None


@pytest.mark.parametrize("algorithm", ["sha256", "blake2b", "blake3"])
def test_digests_of_each_kind_are_held_to(model, algorithm):
    if algorithm == "blake3":
        blake3 = pytest.importorskip("blake3", reason="the extra `models` is not installed").blake3
        digest = blake3(model.read_bytes()).hexdigest()
    else:
        digest = hashlib.new(algorithm, model.read_bytes()).hexdigest()

    assert f"{algorithm}:{digest}" == models.load(model, expect=f"{algorithm}:{digest}").receipt.digest
    with pytest.raises(GuardError, match="expected is"):
        models.load(model, expect=f"{algorithm}:{digest[::-1]}")


@pytest.mark.parametrize("expect", ["md5:" + "0" * 32, "sha256:" + "g" * 64, "blake3:00", "0" * 64, ""])
def test_other_ways_to_write_a_digest_are_refused(model, expect):
    with pytest.raises(GuardError, match="written"):
        models.load(model, expect=expect)


def test_time_goes_on_and_the_memory_holds(model, tmp_path, proofs):
    os.utime(model, ns=(time.time_ns() - 10**10, time.time_ns() - 10**10))
    memory = models.ProofMemory(tmp_path / "own" / "proofs.json")
    time.sleep(2.1)
    models.load(model, memory=memory)
    models.load(model, memory=memory)

    assert 1 == len(proofs)
