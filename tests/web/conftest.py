"""A desk of its own for every test: real store, real keys, a clock that the test holds; and the same behind a real server for browsers."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

for name in ("fastapi", "sqlalchemy", "pyrage", "altcha", "webauthn", "python_multipart", "httpx"):
    pytest.importorskip(name, reason=f"the desk's pages need {name} (extra: desk)")

from starlette.testclient import TestClient  # noqa: E402

from troth.app.desk.opening import Desk, make_desk, new_member, open_desk  # noqa: E402
from troth.app.desk.settings import DeskSettings, MailSettings  # noqa: E402
from troth.desk.storage.people_rows import Member  # noqa: E402
from troth.web.desk.site import make_site  # noqa: E402

POLICY = """# Security Policy

## Supported Versions

| Version | Supported |
|---|---|
| 2.x | :white_check_mark: |
| < 2.0 | :x: |

## Reporting a Vulnerability

Please include a description, steps to reproduce and the impact.
We will acknowledge your report within 48 hours.
We will send you an initial assessment within 7 days.
Critical vulnerabilities are fixed within 14 days, high severity within 30 days.
We credit reporters unless they wish to stay anonymous.
"""
START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
REPORT = {
    "title": "Path traversal in the archive reader", "description": "A crafted archive writes outside of its folder.", "steps": "unpack evil.tar", "impact": "Files are overwritten.",
    "contact": "rosa@example.org", "name": "Rosa",
}  # fmt: skip


@dataclass
class Clock:
    """A clock that stands until the test moves it."""

    at: datetime = field(default=START)

    def __call__(self) -> datetime:
        self.at += timedelta(microseconds=1)
        return self.at

    def go(self, **span: float) -> None:
        self.at += timedelta(**span)


@dataclass
class Room:
    """A desk, its clock and its site."""

    desk: Desk
    clock: Clock
    folder: Path

    def client(self) -> TestClient:
        return TestClient(make_site_without_end(self.desk), base_url=self.desk.settings.origin, follow_redirects=False)

    def member(self, name: str = "Ines", role: str = "owner") -> tuple[Member, TestClient]:
        """A member and a browser that is signed in."""
        member, link = new_member(self.desk, name, "", role)
        client = self.client()
        answer = client.post(link.removeprefix(self.desk.settings.origin))
        assert answer.status_code == 303, answer.text
        return member, client

    def signed_in(self, member: Member) -> TestClient:
        """A fresh browser in which a member is signed in."""
        client = self.client()
        client.headers["cookie"] = f"troth={self.desk.writer.write(lambda t: self.desk.people.sign_in(t, member.id, self.clock()))}"
        return client

    def report(self, client: TestClient | None = None, files: list | None = None, **values: str) -> str:
        """Send a report as a browser without scripts does; returns the path of the reporter's page."""
        client = client or self.client()
        page = client.get("/").text
        nonce = re.search(r'name="nonce" value="([^"]+)"', page).group(1)
        answer = client.post("/report", data={"nonce": nonce, **REPORT, **values}, files=files or [("files", ("", b""))])
        assert answer.status_code == 303, answer.text
        return answer.headers["location"].partition("?")[0]


async def _nothing(_app):
    yield


def make_site_without_end(desk: Desk):
    site = make_site(desk)
    site.router.lifespan_context = contextlib.asynccontextmanager(_nothing)
    return site


def csrf(client: TestClient, path: str = "/board") -> str:
    return re.search(r'name="csrf" value="([0-9a-f]+)"', client.get(path).text).group(1)


@pytest.fixture(scope="session")
def policy_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("policy") / "SECURITY.md"
    path.write_text(POLICY)
    return path


@pytest.fixture(scope="session")
def template(policy_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A desk that was made once; tests copy it."""
    folder = tmp_path_factory.mktemp("template") / "desk"
    settings = DeskSettings(project="Lanternfish", zone="Europe/Vienna", mail=MailSettings(host="127.0.0.1", port=1, starttls=False, sender="desk@example.org", team="team@example.org"))
    make_desk(folder, settings, policy_file, "Ada Moor", lambda: START)
    return folder


def copied(template: Path, to: Path) -> Path:
    import shutil

    shutil.copytree(template, to)
    for path in to.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    return to


@pytest.fixture
def room(template: Path, tmp_path: Path) -> Room:
    folder = copied(template, tmp_path / "desk")
    clock = Clock()
    desk = open_desk(folder, clock)
    yield Room(desk, clock, folder)
    desk.close()


@pytest.fixture
def served(template: Path, tmp_path: Path):
    """The same, behind a real server."""
    with serving(copied(template, tmp_path / "desk")) as room:
        yield room


@contextlib.contextmanager
def serving(folder: Path):
    """A desk's folder behind a real server; its address in the settings becomes that server's."""
    uvicorn = pytest.importorskip("uvicorn")
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    path = folder / "desk.toml"
    path.write_text(path.read_text().replace("http://127.0.0.1:8181", f"http://localhost:{port}"))
    desk = open_desk(folder)
    server = uvicorn.Server(uvicorn.Config(make_site(desk), host="127.0.0.1", port=port, log_level="error", access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield Room(desk, Clock(), folder)
    server.should_exit = True
    thread.join(20)
