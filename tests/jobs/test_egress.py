"""The network of handlers against a real TLS server: the name's certificate, the pinned address, redirects that are answers, caps."""

from __future__ import annotations

import http.server
import ssl
import threading
from collections.abc import Iterator

import pytest

from troth.jobs.egress import Egress, Limits
from troth.jobs.evidence import Witness, verify_evidence
from troth.jobs.refusals import EgressError, JobEvidenceError
from troth.jobs.request import EvidenceItem

trustme = pytest.importorskip("trustme", reason="a certificate authority for tests")
pytest.importorskip("httpx", reason="the network of jobs is the extra troth[jobs]")

PUBLIC = "93.184.215.14"
SEEN: list[tuple[str, str]] = []


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        SEEN.append((self.headers["Host"], self.path))
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "http://169.254.169.254/latest/meta-data/")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = b"x" * 100_000 if self.path == "/big" else b"hello"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[int, ssl.SSLContext]]:
    authority = trustme.CA()
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("api.example.org").configure_cert(own)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    listening.socket = own.wrap_socket(listening.socket, server_side=True)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield listening.server_address[1], trusting
    listening.shutdown()


def web(server: tuple[int, ssl.SSLContext], *hosts: str, **limits: int) -> Egress:
    port, trusting = server
    return Egress(
        hosts or ("api.example.org",), resolver=lambda host, port: [PUBLIC], trust=trusting, pin=lambda address, _: ("127.0.0.1", port), limits=Limits(**limits)  # type: ignore[arg-type]
    )


def test_an_answer_comes_from_the_pinned_address_under_the_hosts_name(server: tuple[int, ssl.SSLContext]) -> None:
    status, _, body = web(server).send("GET", "https://api.example.org/x")

    assert (200, b"hello") == (status, body)
    assert ("api.example.org", "/x") == SEEN[-1]


def test_another_names_certificate_does_not_verify(server: tuple[int, ssl.SSLContext]) -> None:
    with pytest.raises(EgressError, match="exchange"):
        web(server, "other.example.org").send("GET", "https://other.example.org/")


def test_a_redirect_is_an_answer(server: tuple[int, ssl.SSLContext]) -> None:
    client = web(server)
    status, headers, _ = client.send("GET", "https://api.example.org/away")

    assert 302 == status
    with pytest.raises(EgressError, match="scheme"):
        client.send("GET", headers["location"])


def test_an_answer_that_is_too_long_is_not_read_to_its_end(server: tuple[int, ssl.SSLContext]) -> None:
    with pytest.raises(EgressError, match="answer-size"):
        web(server, answer_bytes=1000).send("GET", "https://api.example.org/big")


def test_evidence_of_the_network_is_held_against_its_digest(server: tuple[int, ssl.SSLContext]) -> None:
    import hashlib

    witness = Witness(None, web(server))
    good = EvidenceItem("http", "https://api.example.org/x", hashlib.sha256(b"hello").hexdigest(), "hell")

    verify_evidence((good,), witness)
    with pytest.raises(JobEvidenceError, match="digest"):
        verify_evidence((EvidenceItem("http", "https://api.example.org/x", "0" * 64),), witness)
    with pytest.raises(JobEvidenceError, match="http"):
        verify_evidence((EvidenceItem("http", "https://127.0.0.1/x", "0" * 64),), witness)


def test_no_proxy_of_the_environment_is_used(server: tuple[int, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert 200 == web(server).send("GET", "https://api.example.org/")[0]
