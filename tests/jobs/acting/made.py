"""Requests and a forge for tests of handlers."""

from __future__ import annotations

import hashlib
import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from troth.jobs.handler import Reader, Tools
from troth.jobs.handlers.types import HANDLERS, job_types
from troth.jobs.lane.work import load_handler
from troth.jobs.registry import Registry
from troth.jobs.request import EvidenceItem, JobRequest
from troth.terms.tenant import Tenant

ACME = Tenant("acme", "web")
TOKEN = "ghp_" + "x" * 36
REGISTRY = Registry(job_types("forge.example"))


def handler(name: str) -> Any:
    return load_handler(HANDLERS[name])


def request(kind: str, **params: Any) -> JobRequest:
    evidence = (EvidenceItem("git", f"{'a' * 40}:SECURITY.md", "0" * 64),) if kind == "repo.open-branch" else ()
    made = JobRequest.parse(JobRequest.write(ACME, kind, params, idempotency_key="k", expires_at=datetime(2030, 1, 1, tzinfo=UTC) + timedelta(hours=1), evidence=evidence))
    REGISTRY.admit(made)
    return made


class Forge:
    """The contract of the forge's interface, as far as the handlers use it, with its state; every request is recorded."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.tokens: set[str | None] = set()
        self.protection: dict[str, dict[str, Any]] = {}
        self.signatures: set[str] = set()
        self.analysis = {"secret_scanning": "disabled", "secret_scanning_push_protection": "disabled"}
        self.switches = {"vulnerability-alerts": False, "automated-security-fixes": False, "private-vulnerability-reporting": False}
        self.setup = "not-configured"
        self.issues: list[dict[str, Any]] = []
        self.refs: dict[str, str] = {}
        self.objects: dict[str, dict[str, Any]] = {}
        self.pulls: list[dict[str, Any]] = []
        self.meddles = False
        self.refuses: dict[str, int] = {}
        self.forks: dict[str, Forge] = {}

    def put(self, body: dict[str, Any]) -> str:
        name = hashlib.sha1(json.dumps(body, sort_keys=True).encode()).hexdigest()  # content decides the name, as in git
        self.objects[name] = body
        return name

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        self.asked.append((method, path, body))
        for start, status in self.refuses.items():
            if f"{method} {path}".startswith(start):
                return status, {"message": "no \x1b[31m" + TOKEN[:4]}
        parts = path.strip("/").split("/")
        head = parts[0] if parts[0] else "repository"
        return getattr(self, "on_" + head.replace("-", "_"))(method, parts[1:], body)

    def on_repository(self, method: str, rest: list[str], body: Any) -> tuple[int, Any]:
        if method == "PATCH":
            for name, told in body["security_and_analysis"].items():
                self.analysis[name] = told["status"]
        return 200, {"full_name": "o/n", "security_and_analysis": {name: {"status": status} for name, status in self.analysis.items()}}

    def _switch(self, name: str, method: str, *, empty: bool) -> tuple[int, Any]:
        if method == "GET":
            return (204 if self.switches[name] else 404, None) if empty else (200, {"enabled": self.switches[name], "paused": False})
        self.switches[name] = method == "PUT"
        return 204, None

    def on_vulnerability_alerts(self, method: str, rest: list[str], body: Any) -> tuple[int, Any]:
        return self._switch("vulnerability-alerts", method, empty=True)

    def on_automated_security_fixes(self, method: str, rest: list[str], body: Any) -> tuple[int, Any]:
        return self._switch("automated-security-fixes", method, empty=False)

    def on_private_vulnerability_reporting(self, method: str, rest: list[str], body: Any) -> tuple[int, Any]:
        return self._switch("private-vulnerability-reporting", method, empty=False)

    def on_code_scanning(self, method: str, rest: list[str], body: Any) -> tuple[int, Any]:
        if method == "PATCH":
            self.setup = body["state"]
            return 202, {"run_id": 1}
        return 200, {"state": self.setup}

    def on_branches(self, method: str, rest: list[str], body: Any) -> tuple[int, Any]:
        branch = unquote(rest[0])
        if rest[-1] == "required_signatures":
            (self.signatures.add if method == "POST" else self.signatures.discard)(branch)
            return (200, {"enabled": True}) if method == "POST" else (204, None)
        if method == "DELETE":
            self.protection.pop(branch, None)
            return 204, None
        if method == "PUT":
            if set(body) < {"required_status_checks", "enforce_admins", "required_pull_request_reviews", "restrictions"}:
                return 422, {"message": "Invalid request."}
            self.protection[branch] = body | ({"allow_force_pushes": True} if self.meddles else {})
        if branch not in self.protection:
            return 404, {"message": "Branch not protected"}
        return 200, self._shown(self.protection[branch], branch)

    def _shown(self, stored: dict[str, Any], branch: str) -> dict[str, Any]:
        shown = {name: {"enabled": bool(value)} for name, value in stored.items() if isinstance(value, bool)}
        shown["required_signatures"] = {"enabled": branch in self.signatures, "url": "x"}
        for name in ("required_pull_request_reviews", "required_status_checks"):
            if stored.get(name):
                shown[name] = {"url": "x", **stored[name]}
        if stored.get("restrictions"):
            shown["restrictions"] = {"url": "x", "users": [{"login": name} for name in stored["restrictions"]["users"]], "teams": [], "apps": []}
        return shown

    def on_issues(self, method: str, rest: list[str], body: Any) -> tuple[int, Any]:
        if method == "POST":
            made = {"number": len(self.issues) + 1, "state": "open", "html_url": "https://forge.example/1", **body}
            self.issues.append(made)
            return 201, made
        if method == "PATCH":
            self.issues[int(rest[0]) - 1] |= body
            return 200, self.issues[int(rest[0]) - 1]
        return 200, [one for one in self.issues if one["state"] == "open"]

    def on_git(self, method: str, rest: list[str], body: Any) -> tuple[int, Any]:
        kind, name = rest[0], "/".join(rest[1:])
        if kind in ("ref", "refs"):
            return self._ref(method, name, body)
        if method == "POST":
            if kind == "trees":
                entries = {one["path"]: one for one in self.objects[body["base_tree"]]["tree"]}
                for one in body["tree"]:
                    entries.pop(one["path"], None)
                    if one["sha"] is not None:
                        entries[one["path"]] = one
                listed = sorted(entries.values(), key=lambda one: one["path"])
                return 201, {"sha": self.put({"tree": listed, "truncated": False})}
            if kind == "commits":
                return 201, {"sha": self.put({"message": body["message"], "tree": {"sha": body["tree"]}, "parents": body["parents"]})}
            return 201, {"sha": self.put(dict(body))}
        return (200, {"sha": name, **self.objects[name]}) if name in self.objects else (404, {"message": "Not Found"})

    def _ref(self, method: str, name: str, body: Any) -> tuple[int, Any]:
        if method == "POST":
            if body["ref"].removeprefix("refs/") in self.refs:
                return 422, {"message": "Reference already exists"}
            self.refs[body["ref"].removeprefix("refs/")] = body["sha"]
            return 201, {"object": {"sha": body["sha"]}}
        if method == "DELETE":
            return (204, None) if self.refs.pop(name, None) else (422, {"message": "no"})
        return (200, {"object": {"sha": self.refs[name]}}) if name in self.refs else (404, {"message": "Not Found"})

    def on_pulls(self, method: str, rest: list[str], body: Any) -> tuple[int, Any]:
        if method == "POST":
            made = {"number": len(self.pulls) + 1, "state": "open", "html_url": "https://forge.example/pull/1", **body}
            self.pulls.append(made)
            return 201, made
        if method == "PATCH":
            self.pulls[int(rest[0]) - 1] |= body
            return 200, self.pulls[int(rest[0]) - 1]
        return 200, [one for one in self.pulls if one["state"] == "open"]


class LocalWeb:
    """The network of a handler, as a test gives it: https://forge.example is a server of this test."""

    def __init__(self, port: int) -> None:
        self.port = port

    def send(self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b"") -> tuple[int, Mapping[str, str], bytes]:
        parts = urlsplit(url)
        assert ("https", "forge.example") == (parts.scheme, parts.hostname), url
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request(method, f"{parts.path}?{parts.query}" if parts.query else parts.path, body or None, dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()


@contextmanager
def serving(forge: Forge) -> Iterator[LocalWeb]:
    class Door(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            forge.tokens.add(self.headers.get("Authorization"))
            path = urlsplit(self.path).path
            name = "/".join(path.split("/")[2:4])
            told = forge if name == "o/n" else forge.forks.get(name)
            assert path.startswith(f"/repos/{name}"), path
            status, body = (404, {"message": "Not Found"}) if told is None else told.answer(self.command, path.removeprefix(f"/repos/{name}"), json.loads(raw) if raw else None)
            content = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield LocalWeb(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()


def reader(web: LocalWeb) -> Reader:
    return Reader(http=web, secrets={"forge_token": TOKEN})


def tools(web: LocalWeb) -> Tools:
    return Tools(http=web, secrets={"forge_token": TOKEN})
