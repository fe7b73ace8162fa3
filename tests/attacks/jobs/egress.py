"""Addresses that are not what they seem: E12."""

from __future__ import annotations

from tests.attacks.jobs.cases import Tried, case
from tests.jobs.world import World
from troth.jobs.egress import Egress, checked_url, public_address
from troth.jobs.refusals import EgressError

HOSTS = ("api.example.org",)


def _address(title: str, url: str, *reasons: str) -> None:
    @case("E12", f"{title}: {url[:60]}", *(reasons or ("host", "address", "userinfo", "port", "scheme", "undeclared-host")))
    def prepare(world: World) -> Tried:
        # the operator has even declared the host: the spelling alone must be refused
        spelled = url.partition("//")[2].partition("/")[0].rpartition("@")[2].partition(":")[0]
        hosts = (*HOSTS, spelled, "localhost", "127.0.0.1")
        return Tried(lambda: checked_url(url, hosts), lambda: checked_url("https://api.example.org/x?y=1", hosts))


for _title, _url in (
    ("decimal", "https://2130706433/"), ("hexadecimal", "https://0x7f000001/"), ("octal", "https://0177.0.0.1/"), ("short", "https://127.1/"),
    ("dotted", "https://127.0.0.1/"), ("metadata", "https://169.254.169.254/latest/"), ("any", "https://0.0.0.0/"), ("loopback", "https://[::1]/"),
    ("mapped", "https://[::ffff:127.0.0.1]/"), ("scope", "https://[fe80::1%25eth0]/"), ("user", "https://api.example.org@evil.example/"),
    ("password", "https://a:b@api.example.org/"), ("hidden user", "https://api.example.org%40evil.example/"), ("plain", "http://api.example.org/"),
    ("file", "file:///etc/passwd"), ("gopher", "gopher://api.example.org/"), ("ssh port", "https://api.example.org:22/"), ("plain port", "https://api.example.org:80/"),
    ("odd port", "https://api.example.org:8443/"), ("capitals", "https://API.example.org/"), ("other alphabet", "https://\u0430pi.example.org/"),
    ("punycode of a look-alike", "https://xn--pi-7kc.example.org.evil.example/"), ("full-width dot", "https://api\u3002example.org/"), ("trailing dot", "https://api.example.org./"),
    ("backslash", "https://api.example.org\\@evil.example/"), ("newline", "https://api.example.org/\r\nHost: evil.example"), ("tab", "https://api.exa\tmple.org/"),
    ("fragment", "https://api.example.org#@evil.example/"), ("no host", "https:///x"), ("one label", "https://localhost/"), ("hexadecimal last part", "https://127.0.0.0x1/"),
    ("relative", "//api.example.org/"), ("subdomain of another", "https://api.example.org.evil.example/"), ("protocol in capitals", "HTTPS://api.example.org/"),
    ("zero port", "https://api.example.org:0/"), ("empty port", "https://api.example.org:/../"),
):  # fmt: skip
    if _title in ("subdomain of another", "punycode of a look-alike", "empty port"):
        continue
    _address(_title, _url)


for _title, _url in (("a host that nobody declared", "https://evil.example/"), ("a subdomain of another host", "https://api.example.org.evil.example/"), ("a parent of a declared host", "https://example.org/")):

    @case("E12", _title, "undeclared-host")
    def _undeclared_host(world: World, url: str = _url) -> Tried:
        return Tried(lambda: checked_url(url, HOSTS), lambda: checked_url("https://api.example.org/", HOSTS))


for _answer in (
    "127.0.0.1", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "100.100.100.200", "192.0.0.192", "198.18.0.1", "224.0.0.1",
    "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1",
    "64:ff9b:1::1", "2002:7f00:1::", "2001:0:1::1", "2001:db8::1", "fec0::1", "::127.0.0.1", "192.88.99.1", "203.0.113.1",
):  # fmt: skip

    @case("E12", f"a name that leads to {_answer}", "private-address")
    def _leads(world: World, answer: str = _answer) -> Tried:
        return Tried(
            lambda: public_address("api.example.org", 443, lambda host, port: ["93.184.215.14", answer]),
            lambda: public_address("api.example.org", 443, lambda host, port: ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"]),
        )


@case("E12", "a name that answers differently the second time")
def _rebound(world: World) -> Tried:
    answers = iter([["93.184.215.14"], ["127.0.0.1"], ["127.0.0.1"]])
    asked: list[str] = []
    reached: list[tuple[str, int]] = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return next(answers)

    def pin(address: str, port: int) -> tuple[str, int]:
        reached.append((address, port))
        return ("127.0.0.1", 1)

    def attack() -> None:
        try:
            Egress(HOSTS, resolver=resolver, pin=pin).send("GET", "https://api.example.org/")
        except EgressError as error:
            assert error.reason == "exchange"
        assert len(asked) == 1, "the name was asked for again"
        assert reached == [("93.184.215.14", 443)]

    return Tried(attack, lambda: checked_url("https://api.example.org/", HOSTS))


for _name, _value in (("Host", "evil.example"), ("Transfer-Encoding", "chunked"), ("X\r\nY", "z"), ("X", "a\r\nHost: evil")):

    @case("E12", f"a header that moves the request elsewhere: {_name!r}", "request")
    def _header(world: World, name: str = _name, value: str = _value) -> Tried:
        web = Egress(HOSTS, resolver=lambda host, port: ["93.184.215.14"], pin=lambda address, port: ("127.0.0.1", 1))

        def twin() -> None:
            try:
                web.send("GET", "https://api.example.org/", headers={"X-Trace": "1"})
            except EgressError as error:
                assert error.reason == "exchange", error  # nothing listens there: the request was let through to the wire

        return Tried(lambda: web.send("GET", "https://api.example.org/", headers={name: value}), twin)


for _title, _url in (
    ("an address as one number in octal", "https://017700000001/"), ("mixed bases", "https://0x7f.0.1/"), ("mapped in hexadecimal", "https://[::ffff:7f00:1]/"), ("a hidden dot", "https://api.example.org%2eevil.example/"),
    ("a hidden NUL", "https://api.example.org%00.evil.example/"), ("a semicolon", "https://api.example.org;evil.example/"), ("circled letters", "https://\u24d4pi.example.org/"), ("a soft hyphen", "https://api.exa\u00admple.org/"),
    ("two ports", "https://api.example.org:443:80/"), ("a port with a sign", "https://api.example.org:+443/"), ("a port in other digits", "https://api.example.org:\uff14\uff14\uff13/"), ("a port with a space", "https://api.example.org:443 /"),
    ("an underscore", "https://api_example.org/"), ("a label that begins with a hyphen", "https://-api.example.org/"), ("a last label of digits", "https://api.example.123/"), ("three slashes", "https:///api.example.org/"),
    ("no slashes", "https:api.example.org"), ("brackets", "https://[api.example.org]/"), ("a host of 300 letters", "https://" + "a." * 150 + "org/"), ("javascript", "javascript:alert(1)"), ("unix socket", "http+unix://%2fvar%2frun%2fdocker.sock/"),
):  # fmt: skip
    _address(_title, _url)


for _answer in (
    "169.254.0.1", "100.127.255.255", "192.0.2.1", "198.51.100.7", "198.19.255.255", "239.255.255.250", "0.1.2.3", "127.255.255.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "2001:0:a9fe:a9fe::", "::ffff:0:a9fe:a9fe",
    "::a9fe:a9fe", "fe80::1%1", "ff0e::1", "febf::1", "fdff::1", "100::1", "3fff::1", "5f00::1", "not an address", "127.0.0.1\n8.8.8.8", "127.1", "0x7f000001", "",
):  # fmt: skip

    @case("E12", f"a name that leads to {_answer!r}", "private-address")
    def _leads_also(world: World, answer: str = _answer) -> Tried:
        return Tried(
            lambda: public_address("api.example.org", 443, lambda host, port: ["93.184.215.14", answer]),
            lambda: public_address("api.example.org", 443, lambda host, port: ["93.184.215.14"]),
        )


@case("E12", "a name that leads nowhere", "unresolved")
def _nowhere(world: World) -> Tried:
    return Tried(lambda: public_address("api.example.org", 443, lambda host, port: []), lambda: public_address("api.example.org", 443, lambda host, port: ["93.184.215.14"]))


for _method in ("get", "CONNECT", "TRACE", "OPTIONS", "GET / HTTP/1.1\r\nHost: evil\r\n\r\nGET", ""):

    @case("E12", f"a method that is none of ours: {_method[:20]!r}", "request")
    def _method_case(world: World, method: str = _method) -> Tried:
        web = Egress(HOSTS, resolver=lambda host, port: ["93.184.215.14"], pin=lambda address, port: ("127.0.0.1", 1))

        def twin() -> None:
            try:
                web.send("GET", "https://api.example.org/")
            except EgressError as error:
                assert error.reason == "exchange", error

        return Tried(lambda: web.send(method, "https://api.example.org/"), twin)


@case("E12", "a proxy of the environment takes the exchange")
def _proxied(world: World) -> Tried:
    reached: list[tuple[str, int]] = []

    def attack() -> None:
        import os
        from unittest.mock import patch

        with patch.dict(os.environ, {"HTTPS_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9", "SSL_CERT_FILE": "/nonexistent"}):
            web = Egress(HOSTS, resolver=lambda host, port: ["93.184.215.14"], pin=lambda address, port: (reached.append((address, port)), ("127.0.0.1", 1))[1])  # type: ignore[func-returns-value]
            try:
                web.send("GET", "https://api.example.org/")
            except EgressError as error:
                assert error.reason == "exchange"
        assert reached == [("93.184.215.14", 443)]

    return Tried(attack, lambda: checked_url("https://api.example.org/", HOSTS))
