import contextlib
import json

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.registries.made import NOW, REAL, npm, page, pypi, real, recorded
from tests.engines.trees import tree_of
from troth.engines.dependencies import look as dependencies_of
from troth.engines.registries.look import look_at, own_packages
from troth.engines.registries.pages import HOSTS, LivePages, read_pages, write_pages
from troth.errors import ForgeUnreachableError, LookError
from troth.terms.facts.registries import ProvenanceState

needs_real = pytest.mark.skipif(REAL is None, reason="TROTH_ATTESTATIONS is not set (test/assets of the sdist of pypi-attestations)")


def state(pages, name="rocket", registry="pypi"):
    found = look_at([(registry, name)], recorded(*pages))
    return found.packages[0].artifacts[0]


@needs_real
def test_a_real_attestation_verifies_without_a_network(monkeypatch):
    pytest.importorskip("pypi_attestations")
    import socket

    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("it opened a connection"))
    artifact = state(real(), "pypi-attestations")

    assert (artifact.state, artifact.publisher) == (ProvenanceState.VERIFIED, "GitHub trailofbits/pypi-attestations release.yml")


def _other_publisher(text):
    return text.replace("trailofbits/pypi-attestations", "trailofbits/other-project")


def _other_signature(text):
    data = json.loads(text)
    signature = data["attestation_bundles"][0]["attestations"][0]["envelope"]["signature"]
    data["attestation_bundles"][0]["attestations"][0]["envelope"]["signature"] = signature[:20] + ("A" if signature[20] != "A" else "B") + signature[21:]
    return json.dumps(data)


def _no_log(text):
    data = json.loads(text)
    data["attestation_bundles"][0]["attestations"][0]["verification_material"]["transparency_entries"] = []
    return json.dumps(data)


@needs_real
@pytest.mark.parametrize("change", [_other_publisher, _other_signature, _no_log])
def test_a_real_attestation_with_one_thing_changed_does_not_verify(change):
    pytest.importorskip("pypi_attestations")
    assert state(real(change), "pypi-attestations").state is ProvenanceState.INVALID


@needs_real
def test_a_real_attestation_does_not_verify_over_another_file():
    pytest.importorskip("pypi_attestations")
    pages = real()
    about = json.loads(pages[0].text)
    about["urls"][0]["digests"]["sha256"] = "1" * 64
    changed = state([page(pages[0].address, about), pages[1]], "pypi-attestations")
    assert changed.state is ProvenanceState.INVALID
    assert state(real(file="pypi_attestations-0.0.20.tar.gz"), "pypi-attestations").state is ProvenanceState.INVALID


@pytest.mark.parametrize(
    ("pages", "wanted"),
    [
        (pypi(), ProvenanceState.ABSENT),
        (pypi(provenance={"version": 1, "attestation_bundles": []}), ProvenanceState.ABSENT),
        (pypi(provenance={"version": 1}), ProvenanceState.INVALID),
        (pypi(provenance="<!doctype html>"), ProvenanceState.UNKNOWN),
        (pypi(provenance="", status=500), ProvenanceState.UNKNOWN),
        (pypi(provenance="", status=403), ProvenanceState.UNKNOWN),
        (pypi(sha256="no digest"), ProvenanceState.UNKNOWN),
    ],
)
def test_what_pypi_answers_is_absent_invalid_or_unknown_and_never_verified(pages, wanted):
    pytest.importorskip("pypi_attestations")
    assert state(pages).state is wanted


@pytest.mark.parametrize(
    ("attestations", "wanted"),
    [
        (None, ProvenanceState.ABSENT),
        ({"attestations": []}, ProvenanceState.ABSENT),
        ({"attestations": [{"predicateType": "https://slsa.dev/provenance/v1", "bundle": {}}]}, ProvenanceState.INVALID),
        ({"attestations": [{"predicateType": "https://slsa.dev/provenance/v1"}]}, ProvenanceState.INVALID),
        ("<html>", ProvenanceState.UNKNOWN),
    ],
)
def test_what_npm_answers_is_absent_invalid_or_unknown_and_never_verified(attestations, wanted):
    pytest.importorskip("sigstore")
    assert state(npm(attestations=attestations), "@acme/rocket", "npm").state is wanted


def test_npm_tells_who_may_publish_and_pypi_does_not():
    assert look_at([("npm", "@acme/rocket")], recorded(*npm())).packages[0].people == ("robin",)
    assert look_at([("pypi", "rocket")], recorded(*pypi())).packages[0].people == ()


def test_a_package_that_the_registry_does_not_know_is_unseen():
    found = look_at([("pypi", "rocket")], recorded(page("https://pypi.org/pypi/rocket/json", "", 404)))
    assert not found.packages
    assert "status 404" in found.unseen[0].because


def test_an_answer_about_another_package_is_refused():
    pages = npm()
    other = json.loads(pages[0].text) | {"name": "left"}
    assert not look_at([("npm", "@acme/rocket")], recorded(page(pages[0].address, other), pages[1])).packages


def test_only_packages_that_could_be_published_are_asked_about():
    files = {
        "package.json": '{"name": "root", "private": true, "workspaces": ["packages/*"]}',
        "packages/a/package.json": '{"name": "@acme/a", "version": "1.0.0"}',
        "packages/b/package.json": '{"name": "@acme/b", "version": "1.0.0", "publishConfig": {"registry": "https://own.test"}}',
        "tests/x/package.json": '{"name": "x", "version": "1.0.0"}',
        "pyproject.toml": '[project]\nname = "rocket"\nversion = "1"\n',
    }
    assert set(own_packages(dependencies_of(tree_of(files)))) == {("npm", "@acme/a"), ("pypi", "rocket")}


def live(handler):
    return LivePages(httpx.Client(transport=httpx.MockTransport(handler), headers={"Authorization": "Bearer secret", "Cookie": "a=b"}, auth=("robin", "secret")))


@given(
    st.lists(
        st.tuples(
            st.sampled_from((200, 301, 302, 307, 308, 401, 404, 500)),
            st.sampled_from(("", "/other", "https://elsewhere.test/x", "https://pypi.org/y", "http://pypi.org/z", "//elsewhere.test", "https://pypi.org@elsewhere.test/", "https://registry.npmjs.org/q", "::::")),
            st.binary(max_size=30),
        ),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from(("pypi", "npm")),
    st.from_regex(r"[a-z@/.%?#-]{1,30}", fullmatch=True),
)
@settings(max_examples=200, deadline=None)
def test_whatever_a_registry_answers_only_get_goes_out_without_credentials_to_its_own_host(answers, registry, name):
    sent = []
    rest = iter(answers)

    def handle(request):
        sent.append(request)
        status, location, body = next(rest, (404, "", b""))
        return httpx.Response(status, headers={"location": location} if location else {}, content=body)

    with contextlib.suppress(ForgeUnreachableError):
        look_at([(registry, name)], live(handle))
    host = {"pypi": "pypi.org", "npm": "registry.npmjs.org"}[registry]
    for request in sent:
        assert request.method == "GET"
        assert (request.url.scheme, request.url.host) == ("https", host)
        assert not {"authorization", "cookie", "proxy-authorization"} & set(request.headers)
        assert not request.content


@pytest.mark.parametrize("address", ["http://pypi.org/x", "https://evil.test/x", "https://pypi.org.evil.test/", "https://pypi.org@evil.test/", "https://pypi.org:8443/", "file:///etc/passwd"])
def test_no_other_address_is_asked(address):
    with pytest.raises(LookError):
        live(lambda _: pytest.fail("it was asked")).page(address)
    assert len(HOSTS) == 2


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ConnectTimeout, httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.ProxyError])
def test_a_registry_that_cannot_be_reached_ends_the_look(error):
    def handle(request):
        raise error("failed", request=request)

    with pytest.raises(ForgeUnreachableError):
        look_at([("pypi", "rocket")], live(handle))


def test_an_endless_answer_is_cut_off():
    with pytest.raises(LookError, match="larger than"):
        live(lambda _: httpx.Response(200, content=b" " * (17 << 20))).page("https://pypi.org/pypi/rocket/json")


def test_a_snapshot_repeats_the_answers_and_refuses_to_be_changed(tmp_path):
    path = tmp_path / "registries.json"
    write_pages(path, [*pypi(), *npm()])

    again = read_pages(path)
    assert look_at([("pypi", "rocket"), ("npm", "@acme/rocket")], again) == look_at([("pypi", "rocket"), ("npm", "@acme/rocket")], recorded(*pypi(), *npm()))
    again.demand_fresh(NOW)
    for days in (40, -40):
        with pytest.raises(LookError, match="2026-02-01"):
            again.demand_fresh(NOW.replace(month=3 if days > 0 else 1, day=13 if days > 0 else 1))
    path.write_text(path.read_text().replace("1.0.0", "2.0.0"))
    with pytest.raises(LookError):
        read_pages(path)


@given(st.one_of(st.binary(max_size=60), st.sampled_from((b"{}", b'{"pages": [1]}', b'{"troth_registries": 1, "pages": [{}], "digest": "x"}', b"[" * 5000))))
@settings(max_examples=100, deadline=None)
def test_no_file_makes_the_reader_fail_in_another_way_than_its_own(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("r") / "r.json"
    path.write_bytes(data)
    with pytest.raises(LookError):
        read_pages(path)
