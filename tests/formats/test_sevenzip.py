"""7z archives: members are judged, and whatever is wrong with the archive refuses it."""

from __future__ import annotations

import io
import os
import pickle
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from troth.formats import sevenzip
from troth.formats.judge import judge
from troth.formats.source import Source
from troth.formats.verdict import BUDGET, INERT, NOT_A_MODEL, REFUSED

py7zr = pytest.importorskip("py7zr", reason="the extra `models` is not installed")


class Runs:
    def __reduce__(self):
        return os.system, ("true",)


def archive(**members: bytes) -> bytes:
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w") as made:
        for name, data in members.items():
            made.writestr(data, name.replace("__", "/"))
    return out.getvalue()


def told(data: bytes, **more):
    return judge(Source(data), "model.7z", **more)


def test_harmless_members_make_a_harmless_archive():
    found = told(archive(**{"a__weights.pkl": pickle.dumps({"w": [1.0, 2.0]}), "readme.txt": b"hello"}))

    assert found.verdict == INERT
    assert found.format == "7z"


def test_one_hostile_member_refuses_the_archive_and_is_named():
    found = told(archive(**{"good.pkl": pickle.dumps([1]), "deep__evil.pkl": pickle.dumps(Runs())}))

    assert found.verdict == REFUSED
    assert "deep/evil.pkl" in found.reasons[0].member
    assert "system" in found.reasons[0].name


def test_code_inside_is_refused_and_an_archive_of_prose_is_no_model():
    assert told(archive(**{"run.py": b"import os\n"})).verdict == REFUSED
    assert judge(Source(archive(**{"readme.txt": b"hello\n"})), "notes").verdict == NOT_A_MODEL


def test_a_bomb_is_refused_before_it_is_unpacked():
    found = told(archive(big=bytes(8 << 20)), budget=BUDGET._replace(expanded=1 << 20))

    assert (REFUSED, "budget-expanded") == (found.verdict, found.reasons[0].code)


def test_an_encrypted_archive_is_refused():
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w", password="secret") as made:
        made.writestr(pickle.dumps([1]), "a.pkl")

    assert (REFUSED, "archive-encrypted") == (told(out.getvalue()).verdict, told(out.getvalue()).reasons[0].code)


def test_without_the_reader_the_archive_is_refused_and_not_passed_over(monkeypatch):
    monkeypatch.setattr(sevenzip, "_CHILD", "import sys; sys.exit(3)")
    found = told(archive(a=b"x"))

    assert (REFUSED, "archive-7z") == (found.verdict, found.reasons[0].code)


def test_a_reader_that_never_ends_is_stopped(monkeypatch):
    monkeypatch.setattr(sevenzip, "_CHILD", "import time; time.sleep(30)")
    monkeypatch.setattr(sevenzip, "_SECONDS", 1)

    assert "budget-time" == told(archive(a=b"x")).reasons[0].code


def _with_header(data: bytes, offset: int, size: int) -> bytes:
    rest = struct.pack("<QQI", offset, size, 0)
    return data[:8] + struct.pack("<I", zlib.crc32(rest)) + rest + data[32:]


DAMAGE = {
    "cut head": lambda: archive(a=b"x")[:20],
    "cut tail": lambda: archive(a=b"x" * 999)[:-10],
    "header far outside": lambda: _with_header(archive(a=b"x"), 2**63, 10),
    "huge header": lambda: _with_header(archive(a=b"x"), 0, 2**40),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_damaged_archives_are_refused(how):
    assert told(DAMAGE[how]()).verdict == REFUSED


@given(st.integers(32, 120), st.integers(0, 255))
@settings(max_examples=12, deadline=None)
def test_one_changed_byte_never_crashes_and_never_lets_a_hostile_member_through(at, value):
    data = bytearray(archive(evil=pickle.dumps(Runs())))
    data[at % len(data)] = value

    assert told(bytes(data)).verdict != INERT
