"""Model files at addresses: fetched, judged and thrown away; what cannot be had is unreadable, never passed over."""

from __future__ import annotations

import functools
import http.server
import json
import os
import pickle
import tempfile
import threading
from pathlib import Path

import pytest

from troth.cli import run
from troth.engines.models.remote import is_address, scan_addresses
from troth.errors import UsageError

fsspec = pytest.importorskip("fsspec", reason="the extra `remote` is not installed")


class Runs:
    def __reduce__(self):
        return os.system, ("true",)


@pytest.fixture
def bucket():
    system = fsspec.filesystem("memory")
    system.pipe("/bucket/good.pkl", pickle.dumps({"w": [1.0]}))
    system.pipe("/bucket/deep/evil.pkl", pickle.dumps(Runs()))
    yield system
    system.rm("/bucket", recursive=True)


def test_every_file_below_an_address_is_judged_and_nothing_is_left(bucket):
    before = set(Path(tempfile.gettempdir()).glob("troth-models-*"))
    found = {one.path: one.judgement.verdict for one in scan_addresses(["memory://bucket"], digest=True)}

    assert {"memory://bucket/deep/evil.pkl": "refused", "memory://bucket/good.pkl": "inert"} == found
    assert before == set(Path(tempfile.gettempdir()).glob("troth-models-*"))


def test_a_file_over_the_limit_is_unreadable_and_the_command_says_so(bucket, capsys):
    assert 2 == run(["models", "scan", "memory://bucket/good.pkl", "--fetch-limit", "3", "--format", "json"])
    told = json.loads(capsys.readouterr().out)["files"][0]

    assert "unreadable" == told["verdict"]
    assert "the limit is 3" in json.dumps(told)


def test_a_server_that_fails_or_gives_less_is_unreadable(bucket, monkeypatch):
    def refuse(*_a, **_k):
        raise PermissionError("secret-in-message")

    monkeypatch.setattr(type(bucket), "open", refuse)
    (one,) = scan_addresses(["memory://bucket/good.pkl"])

    assert "unreadable" == one.judgement.verdict
    assert "secret" not in one.judgement.reasons[0].says
    monkeypatch.undo()
    monkeypatch.setattr(type(bucket), "size", lambda *_a: 10**6)
    (one,) = scan_addresses(["memory://bucket/good.pkl"])

    assert "not the 1000000" in one.judgement.reasons[0].says


@pytest.mark.parametrize("address", ["memory://nothing-here", "nosuchscheme://x/y", "s3+weird://", "memory://"])
def test_an_address_that_leads_nowhere_is_an_error(address):
    with pytest.raises(UsageError):
        scan_addresses([address])


def test_what_is_an_address():
    assert is_address("s3://bucket/x")
    assert not is_address("C:\\models\\x.pt")
    assert not is_address("./models/x.pt")


def test_over_http_on_this_machine(tmp_path):
    pytest.importorskip("aiohttp", reason="aiohttp is not installed")
    (tmp_path / "m.pkl").write_bytes(pickle.dumps([1]))
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        (one,) = scan_addresses([f"http://127.0.0.1:{server.server_port}/m.pkl"])
        server.shutdown()

    assert "inert" == one.judgement.verdict
