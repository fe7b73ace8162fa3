"""Where one machine's jobs live: a directory with the database, the roster, the settings and the keys of checkpoints. Only its owner can read it.

The settings say which tree belongs to which tenant and project, and whether people may approve what they asked for themselves; nothing of that comes from a tree
that is judged or from a request.
"""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from troth.errors import UsageError
from troth.jobs.permits.roster import Roster, load_roster
from troth.jobs.strict import Json
from troth.ledger.keys import own_key, read_private_key
from troth.terms.tenant import Tenant

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["Home", "actor", "home_path", "make_home", "open_home", "tenant_of", "write_private"]

_SETTINGS: Final = "settings.json"
_ROSTER: Final = "roster.json"
_YEARS: Final = 10 * 365 * 86_400
_SEAL_BYTES: Final = 32
SELF: Final = "self:"
"""What the requester's name begins with where the same person is to approve: so it stands in every entry of the ledger."""


@dataclass(frozen=True, slots=True)
class Home:
    """An opened home.

    Attributes:
        path: the directory.
        executor: name of its executor, the audience of permits.
        issuer: name of the approving body.
        database: address of the store.
        trees: the tree of each tenant and project.
        self_approve: tenants and projects in which people may approve their own requests.
        host: the forge's interface.
    """

    path: Path
    executor: str
    issuer: str
    database: str
    trees: Mapping[Tenant, Path]
    self_approve: frozenset[Tenant]
    host: str = "api.github.com"
    roster: Callable[[], Roster] = field(default=lambda: Roster(0, "nobody", (), ()), repr=False)

    def tenant_for(self, tree: Path) -> Tenant:
        """Tenant and project of a tree.

        Raises:
            UsageError: the home does not know the tree.
        """
        wanted = tree.resolve()
        for tenant, path in self.trees.items():
            if path == wanted:
                return tenant
        raise UsageError(f"{tree} is no project of {self.path}; make it one with: troth jobs init {tree}")

    def checkpoint_key(self) -> Ed25519PrivateKey:
        """The key that signs checkpoints of the ledger: the executor's, not a person's."""
        return own_key(self.path / "checkpoint-key.pem")

    def seal_key(self) -> bytes:
        """The key under which the executor remembers who asked and what was approved; made at first use, and never in the database.

        Raises:
            UsageError: it cannot be made or read, or others could read it.
        """
        path = self.path / "seal.key"
        try:
            if not path.exists():
                _make_whole(path, os.urandom(_SEAL_BYTES))
            with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb") as file:
                status, key = os.fstat(file.fileno()), file.read(_SEAL_BYTES + 1)
        except OSError as error:
            raise UsageError(f"{path} cannot be used: {error.strerror}") from error
        if len(key) != _SEAL_BYTES or (os.name == "posix" and (status.st_mode & 0o077 or status.st_uid != os.geteuid())):
            raise UsageError(f"{path} is no key, or others can read it")
        return key

    def approver_key(self, path: Path | None) -> Ed25519PrivateKey:
        """A person's key: the file that they name, or their own."""
        return own_key() if path is None else read_private_key(path)


def _make_whole(path: Path, content: bytes) -> None:
    """Make a file that only its owner reads: whole when it can be seen at all, and the first of two that make it at once stays."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        os.unlink(temporary)


def home_path(given: Path | None = None) -> Path:
    """The directory: as given, `$TROTH_JOBS`, `$XDG_STATE_HOME/troth/jobs`, or `~/.local/state/troth/jobs`."""
    if given is not None:
        return given
    if os.environ.get("TROTH_JOBS"):
        return Path(os.environ["TROTH_JOBS"])
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "troth" / "jobs"


def actor() -> str:
    """The person at this machine, as ledgers name them: by the system's own list of users where it has one, as the environment says whatever one likes."""
    try:
        name = _listed_name() or getpass.getuser().lower()
    except (OSError, KeyError, ImportError):
        name = ""
    while name.startswith(SELF):
        name = name.removeprefix(SELF)
    return re.sub(r"[^a-z0-9._@+:/-]", "-", name).strip("-") or "somebody"


def _listed_name() -> str:
    if os.name != "posix":
        return ""
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name.lower()
    except KeyError:
        return ""


def tenant_of(tree: Path) -> Tenant:
    """A name for a local tree: its folder's name and a digest of its place, so that two trees of one name stay apart."""
    place = os.fspath(tree.resolve())
    slug = re.sub(r"[^a-z0-9-]+", "-", tree.resolve().name.lower()).strip("-")[:48] or "tree"
    return Tenant("local", f"{slug}-{hashlib.sha256(place.encode('utf-8', 'surrogateescape')).hexdigest()[:10]}")


def make_home(path: Path, tree: Path, *, self_approve: bool | None = None, person: str = "", key: Path | None = None) -> Home:
    """Make a home, or add a tree to one.

    Args:
        path: the directory.
        tree: the tree to add.
        self_approve: whether requests for it may be approved by whoever made them; None leaves it as it is (no, for a new tree).
        person: who may approve; the person at this machine where "".
        key: their private key; their own where None.

    Raises:
        UsageError: the directory cannot be made, or is readable for others.
    """
    _private(path)
    settings = _read(path / _SETTINGS) if (path / _SETTINGS).exists() else _new(path)
    tenant = tenant_of(tree)
    trees = {**_trees(settings), str(tenant): os.fspath(tree.resolve())}
    allowed = {str(one) for one in _listed(settings, "self_approve")} - ({str(tenant)} if self_approve is not None else set())
    if self_approve:
        allowed.add(str(tenant))
    write_private(path / _SETTINGS, {**settings, "trees": dict(trees), "self_approve": [*sorted(allowed)]})
    if not (path / _ROSTER).exists():
        write_private(path / _ROSTER, _first_roster(person or actor(), own_key() if key is None else read_private_key(key)))
    return open_home(path)


def open_home(path: Path) -> Home:
    """The home in a directory.

    Raises:
        UsageError: there is none, or it is malformed.
    """
    if not (path / _SETTINGS).is_file():
        raise UsageError(f"there are no jobs in {path}; begin with: troth jobs init TREE")
    _private(path)
    settings = _read(path / _SETTINGS)
    names = {name: settings.get(name) for name in ("executor", "issuer", "database", "host")}
    if not all(isinstance(value, str) for value in names.values()):
        raise UsageError(f"{path / _SETTINGS} lacks executor, issuer, database or host")
    trees = {_tenant(name): Path(place) for name, place in _trees(settings).items()}
    allowed = frozenset(_tenant(str(name)) for name in _listed(settings, "self_approve"))
    return Home(
        path, str(names["executor"]), str(names["issuer"]), str(names["database"]), trees, allowed, str(names["host"]), lambda: load_roster(path / _ROSTER)
    )


def _new(path: Path) -> dict[str, Json]:
    return {
        "executor": f"local-{hashlib.sha256(os.urandom(16)).hexdigest()[:12]}", "issuer": "local", "database": f"sqlite:///{(path / 'jobs.sqlite').resolve()}",
        "host": "api.github.com", "trees": {}, "self_approve": [],
    }  # fmt: skip


def _first_roster(person: str, key: Ed25519PrivateKey) -> dict[str, Json]:
    """One approver, whose own requests come under another name only where self-approval is asked for and allowed."""
    now = int(time.time())
    public = key.public_key().public_bytes_raw().hex()
    return {
        "version": 1, "issuer": "local", "approvers": [{"id": person, "scopes": ["local/*"]}],
        "keys": [{"holder": person, "public": public, "not_before": now - 3600, "not_after": now + _YEARS}],
    }  # fmt: skip


def _tenant(name: str) -> Tenant:
    tenant, _, project = name.partition("/")
    return Tenant(tenant, project)


def _trees(settings: Mapping[str, Json]) -> dict[str, str]:
    told = settings.get("trees")
    if not isinstance(told, dict) or not all(isinstance(value, str) for value in told.values()):
        raise UsageError("the settings' trees are no object of texts")
    return {name: str(value) for name, value in told.items()}


def _listed(settings: Mapping[str, Json], name: str) -> list[Json]:
    told = settings.get(name)
    if not isinstance(told, list):
        raise UsageError(f"the settings' {name} is no list")
    return told


def _private(path: Path) -> None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = path.stat()
    except OSError as error:
        raise UsageError(f"{path} cannot be used: {error.strerror}") from error
    if os.name == "posix" and (status.st_mode & 0o077 or status.st_uid != os.geteuid()):
        raise UsageError(f"{path} can be read by others; make it yours alone: chmod 700 {path}")


def _read(path: Path) -> dict[str, Json]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(told, dict):
        raise UsageError(f"{path} is no JSON object")
    return told


def write_private(path: Path, content: Mapping[str, object]) -> None:
    """Write JSON to a file whole or not at all, mode 0600."""
    fresh = path.with_suffix(f".{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2, sort_keys=True)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
