"""A forge of a test whose objects are those of a real bare git repository: what is opened there can be fetched, and judged."""

from __future__ import annotations

import base64
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.jobs.acting.made import Forge

_WHO = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in (("NAME", "forge"), ("EMAIL", "forge@example.org"), ("DATE", "2026-01-15T12:00:00Z"))}


class GitForge(Forge):
    """Blobs, trees, commits and references by git itself; the rest as `Forge` has it."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.root = root
        root.mkdir()
        self.git("init", "--quiet", "--bare")
        self.meddled = False

    def on_forks(self, method: str, rest: list[str], body: Any) -> tuple[int, Any]:
        """A fork of whoever asks, who is `me`: it has the repository's objects, as on a forge, and references of its own."""
        made = Fork(self.root.with_name(f"fork-{len(self.forks)}.git"), f"me/{body['name']}", self.root)
        self.forks[made.name] = made
        return 202, {"full_name": made.name}

    def git(self, *arguments: str, content: bytes = b"") -> str:
        environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, **_WHO}
        return subprocess.run(["git", "-C", str(self.root), *arguments], input=content, capture_output=True, env=environment, check=True).stdout.decode("utf-8").strip()

    def on_git(self, method: str, rest: list[str], body: Any) -> tuple[int, Any]:
        kind, name = rest[0], "/".join(rest[1:])
        try:
            if kind in ("ref", "refs"):
                return self._ref(method, name, body)
            return getattr(self, f"_{kind}")(method, name, body)
        except subprocess.CalledProcessError:
            return 404, {"message": "Not Found"}

    def _ref(self, method: str, name: str, body: Any) -> tuple[int, Any]:
        if method == "POST":
            self.git("update-ref", body["ref"], body["sha"], "0" * 40)
            return 201, {"object": {"sha": body["sha"]}}
        if method == "DELETE":
            self.git("update-ref", "-d", f"refs/{name}")
            return 204, None
        return 200, {"object": {"sha": self.git("rev-parse", "--verify", f"refs/{name}")}}

    def _commits(self, method: str, name: str, body: Any) -> tuple[int, Any]:
        if method == "POST":
            parents = [part for parent in body["parents"] for part in ("-p", parent)]
            return 201, {"sha": self.git("commit-tree", body["tree"], *parents, content=body["message"].encode())}
        return 200, {"sha": name, "tree": {"sha": self.git("rev-parse", f"{name}^{{tree}}")}, "message": self.git("log", "-1", "--format=%B", name)}

    def _trees(self, method: str, name: str, body: Any) -> tuple[int, Any]:
        if method == "POST":
            entries = {one["path"]: one for one in self._listed(body["base_tree"])} | {one["path"]: one for one in body["tree"]}
            lines = [f"{one['mode']} {one['sha']}\t{one['path']}\0" for one in entries.values() if one["sha"]]
            if self.meddled:
                extra = self.git("hash-object", "-w", "--stdin", content=b"not asked for\n")
                lines.append(f"100644 {extra}\textra.txt\0")
            index = self.root / "forge-index"
            index.unlink(missing_ok=True)
            environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_INDEX_FILE": str(index)}
            subprocess.run(["git", "-C", str(self.root), "update-index", "-z", "--index-info"], input="".join(lines).encode(), env=environment, check=True)
            made = subprocess.run(["git", "-C", str(self.root), "write-tree"], capture_output=True, env=environment, check=True).stdout.decode().strip()
            return 201, {"sha": made}
        return 200, {"sha": name, "truncated": False, "tree": self._listed(name)}

    def _listed(self, tree: str) -> list[dict[str, str]]:
        found = []
        for line in filter(None, self.git("ls-tree", "-r", "-z", tree).split("\0")):
            about, _, path = line.partition("\t")
            mode, kind, sha = about.split()
            found.append({"path": path, "mode": mode, "type": kind, "sha": sha})
        return found

    def _blobs(self, method: str, name: str, body: Any) -> tuple[int, Any]:
        if method == "POST":
            return 201, {"sha": self.git("hash-object", "-w", "--stdin", content=base64.b64decode(body["content"]))}
        raw = subprocess.run(["git", "-C", str(self.root), "cat-file", "blob", name], capture_output=True, check=True).stdout
        return 200, {"sha": name, "encoding": "base64", "content": base64.encodebytes(raw).decode()}


class Fork(GitForge):
    """A fork of another one's repository."""

    def __init__(self, root: Path, name: str, parent: Path, *, of: str = "o/n") -> None:
        super().__init__(root)
        self.name, self.of = name, of
        (root / "objects" / "info" / "alternates").write_text(f"{parent / 'objects'}\n")

    def on_repository(self, method: str, rest: list[str], body: Any) -> tuple[int, Any]:
        return 200, {"full_name": self.name, "fork": bool(self.of), "parent": {"full_name": self.of}}
