"""A board on a real repository with one job that waits, served on this machine."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.repositories import MadeCommit, MadeRepository
from troth.app.board import Board, add_board_key
from troth.app.fix import Proposed, propose
from troth.app.jobs import Jobs, open_jobs
from troth.app.jobs_home import Home, make_home, open_home
from troth.app.suggest import Options
from troth.jobs.job import Job
from troth.web.board.site import application

POLICY = "# Security Policy\n\n## CI/CD Security\n\n- Workflows use minimal required permissions.\n- **Bandit** runs on every push.\n"
WORKFLOW = "name: CI\non: push\njobs:\n  scan:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      - run: pip install bandit\n      - run: bandit -r src || true  # <script>alert(1)</script>\n"


@dataclass
class Made:
    board: Board
    jobs: Jobs
    home: Home
    repository: MadeRepository
    job: Job
    key: Ed25519PrivateKey


def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def made_board(folder: Path, origin: str = "http://localhost:1") -> Iterator[Made]:
    repository = MadeRepository(folder / "project")
    repository.commit(MadeCommit(files={"SECURITY.md": POLICY, ".github/workflows/ci.yml": WORKFLOW, "src/a.py": "print(1)\n"}))
    key = Ed25519PrivateKey.generate()
    path = folder / "ana.pem"
    path.touch(mode=0o600)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    make_home(folder / "jobs", repository.root, person="ana", key=path)
    roster = json.loads((folder / "jobs/roster.json").read_text())
    roster["approvers"].append({"id": "mallory", "scopes": ["elsewhere/*"]})
    (folder / "jobs/roster.json").write_text(json.dumps(roster))
    add_board_key(folder / "jobs", "ana")
    home = open_home(folder / "jobs")
    with open_jobs(home) as jobs:
        proposed = propose(jobs, home, repository.root, Options(lane="process"))
        assert isinstance(proposed, Proposed)
        yield Made(Board(jobs, origin), jobs, home, repository, proposed.job, key)


@contextmanager
def served(folder: Path) -> Iterator[Made]:
    number = port()
    with made_board(folder, f"http://localhost:{number}") as made:
        server = uvicorn.Server(uvicorn.Config(application(made.board), host="127.0.0.1", port=number, log_level="error", access_log=False))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        try:
            yield made
        finally:
            server.should_exit = True
            thread.join(5)
