"""A forge, or a snapshot of one, that answers in every wrong way: no promise that its settings decide is kept by it."""

from __future__ import annotations

import json
import shutil
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.controls.cases import FORGE, Case, write_forge
from tests.controls.test_cases import CASES, build, promise_of
from troth.app.check import judge, open_session
from troth.app.forge import ForgeSource
from troth.engines.forge.client import Client
from troth.terms.verdict import Kept, Verdict

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
FIRST = {case.control: case for case in reversed(CASES) if case.expect["verdict"] == "kept" and case.forge and "today" not in case.expect}
KEPT = [FIRST[control] for control in sorted(FIRST)]
"""The first such case of every control."""

TOKEN = "ghp_0123456789012345678901234567890123ab"


def verdict(case: Case, tmp_path: Path, source: ForgeSource | None) -> Verdict:
    session = open_session(tmp_path / "repository", lenient=True, now=NOW, forge=source)
    return judge(session, (promise_of(case, session),), None)[0].verdict


@pytest.fixture(params=KEPT, ids=[case.id for case in KEPT])
def case(request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """A case that the forge's answers keep, and files alone do not."""
    found: Case = request.param
    whole, kept_by_files = whole_world(found, tmp_path_factory)
    if kept_by_files:
        pytest.skip("files keep it without the forge")
    shutil.copytree(whole, tmp_path, symlinks=True, dirs_exist_ok=True)
    return found


_WORLDS: dict[str, tuple[Path, bool]] = {}


def whole_world(case: Case, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bool]:
    """A case's repository and snapshot, made and judged once: with the snapshot it is Kept; gives whether files alone keep it, too."""
    if case.id not in _WORLDS:
        folder = tmp_path_factory.mktemp("whole")
        build(case, folder / "repository")
        write_forge(case, folder / "forge.json", NOW)
        assert isinstance(verdict(case, folder, ForgeSource(folder / "forge.json", FORGE)), Kept)
        _WORLDS[case.id] = folder, isinstance(verdict(case, folder, None), Kept)
    return _WORLDS[case.id]


def _refused(status: int) -> Callable[[Case, Path], None]:
    def write(case: Case, path: Path) -> None:
        write_forge(Case(case.control, case.title, forge=dict.fromkeys(case.forge, status)), path, NOW)

    return write


def _taken(days: int) -> Callable[[Case, Path], None]:
    return lambda case, path: write_forge(case, path, NOW + timedelta(days=days))


def _bytes(change: Callable[[bytes], bytes]) -> Callable[[Case, Path], None]:
    return lambda _case, path: _rewritten(path, change)


def _rewritten(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


def _gone(_case: Case, path: Path) -> None:
    path.unlink()


def _folder(_case: Case, path: Path) -> None:
    path.unlink()
    path.mkdir()


SNAPSHOT_FAULTS: dict[str, Callable[[Case, Path], None]] = {
    **{f"every answer was {status}": _refused(status) for status in (401, 403, 404, 500, 503)},
    "a month old": _taken(-30),
    "from the future": _taken(30),
    "truncated": _bytes(lambda data: data[: len(data) // 2]),
    "emptied": _bytes(lambda _: b""),
    "one answer changed": _bytes(lambda data: data.replace(b'"status": 200', b'"status": 204', 1).replace(b"true", b"false", 1)),
    "HTML": _bytes(lambda _: b"<!doctype html><title>Sign in</title>"),
    "UTF-16": _bytes(lambda data: data.decode().encode("utf-16")),
    "not there": _gone,
    "a folder": _folder,
}


@pytest.mark.parametrize("fault", SNAPSHOT_FAULTS)
def test_a_wrong_snapshot_keeps_nothing(case: Case, fault: str, tmp_path: Path) -> None:
    SNAPSHOT_FAULTS[fault](case, tmp_path / "forge.json")
    assert not isinstance(verdict(case, tmp_path, ForgeSource(tmp_path / "forge.json", FORGE)), Kept)


def test_a_snapshot_of_another_repository_keeps_nothing(case: Case, tmp_path: Path) -> None:
    assert not isinstance(verdict(case, tmp_path, ForgeSource(tmp_path / "forge.json", "acme/other")), Kept)


def _raises(error: Callable[[httpx.Request], Exception]) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error(request)

    return answer


def _tls(request: httpx.Request) -> Exception:
    error = httpx.ConnectError("failed", request=request)
    error.__cause__ = ssl.SSLCertVerificationError("CERTIFICATE_VERIFY_FAILED")
    return error


def _says(status: int, text: bytes = b"", **headers: str) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _request: httpx.Response(status, content=text, headers={name.replace("_", "-"): value for name, value in headers.items()})


LIVE_FAULTS: dict[str, Callable[[httpx.Request], httpx.Response]] = {
    "HTML for 200": _says(200, b"<!doctype html><title>Sign in</title>", content_type="text/html"),
    "truncated JSON": _says(200, b'{"full_name": "acme/rock'),
    "an empty answer": _says(200),
    "an empty object": _says(200, b"{}"),
    "an empty list": _says(200, b"[]"),
    "null": _says(200, b"null"),
    "a number": _says(200, b"1"),
    "duplicate keys": _says(200, b'{"full_name": "a/b", "full_name": "acme/rocket"}'),
    "UTF-16": _says(200, '{"full_name": "acme/rocket"}'.encode("utf-16")),
    "nested without end": _says(200, b"[" * 100_000),
    "the token, repeated": _says(200, json.dumps({"full_name": TOKEN}).encode()),
    "204": _says(204),
    "401": _says(401, b'{"message": "Bad credentials"}'),
    "403": _says(403, b'{"message": "Resource not accessible"}'),
    "404": _says(404, b'{"message": "Not Found"}'),
    "418": _says(418),
    "500": _says(500),
    "503": _says(503, b"<html>"),
    "redirected to another host": _says(302, location="https://elsewhere.test/"),
    "redirected in a circle": _says(302, location="/"),
    "a rate limit without end": _says(429, retry_after="99999"),
    "no connection": _raises(lambda request: httpx.ConnectError("refused", request=request)),
    "connect timeout": _raises(lambda request: httpx.ConnectTimeout("late", request=request)),
    "read timeout": _raises(lambda request: httpx.ReadTimeout("late", request=request)),
    "broken off": _raises(lambda request: httpx.RemoteProtocolError("peer closed", request=request)),
    "TLS fails": _raises(_tls),
    "the proxy refuses": _raises(lambda request: httpx.ProxyError("407", request=request)),
}


@pytest.mark.parametrize("case", KEPT[::3], ids=[case.id for case in KEPT[::3]], indirect=True)
@pytest.mark.parametrize("fault", LIVE_FAULTS)
def test_a_forge_that_answers_wrong_keeps_nothing(case: Case, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hosts: set[str] = set()

    def handle(request: httpx.Request) -> httpx.Response:
        hosts.add(request.url.host)
        return LIVE_FAULTS[fault](request)

    monkeypatch.setattr(Client, "_open", lambda *_: httpx.Client(transport=httpx.MockTransport(handle)))
    monkeypatch.setitem(Client.__init__.__kwdefaults__, "sleep", lambda _: None)
    monkeypatch.setenv("TROTH_TOKEN", TOKEN)
    source = ForgeSource(None, FORGE, patience=1.0)

    assert not isinstance(verdict(case, tmp_path, source), Kept)
    assert hosts == {"api.github.com"}
