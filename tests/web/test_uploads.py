"""Forms are read the same in one go and byte by byte, whatever is in them; what no browser writes is left to the parser."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from troth.desk.crypt.envelope import new_key
from troth.desk.crypt.streams import open_chunks
from troth.desk.intake.fields import FormError
from troth.web.desk import uploads

KEY = new_key()
BOUNDARY = b"----WebKitFormBoundaryx"
DESK = SimpleNamespace(settings=SimpleNamespace(max_mib=1, max_files=3))


def read(body: bytes, *, sized: bool, boundary: bytes = BOUNDARY):
    """What a form says: fields, files with their content, problems; or the problem of the whole."""
    headers = [(b"content-type", b"multipart/form-data; boundary=" + boundary)] + ([(b"content-length", str(len(body)).encode())] if sized else [])
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive():
        return next(messages)

    request = Request({"type": "http", "method": "POST", "path": "/report", "headers": headers, "query_string": b""}, receive)
    try:
        got = asyncio.run(uploads.receive(request, DESK, lambda _fields: KEY))
    except FormError as error:
        return dict(error.problems)
    files = [(one.name, one.size, b"".join(open_chunks(KEY, one.id, [sealed for file, _at, sealed in got.chunks if file == one.id]))) for one in got.files]
    return got.fields, files, got.problems


def form(parts: list[tuple[bytes, bytes]], end: bytes = b"--\r\n") -> bytes:
    return b"".join(b"--" + BOUNDARY + b"\r\n" + head + b"\r\n\r\n" + content + b"\r\n" for head, content in parts) + b"--" + BOUNDARY + end


names = st.sampled_from(["title", "description", "nonce", "é", 'a"b', "x" * 90])
field = st.builds(lambda name, text: (f'Content-Disposition: form-data; name="{name}"'.encode(), text), names, st.binary(max_size=300))
upload = st.builds(
    lambda name, text: (f'Content-Disposition: form-data; name="files"; filename="{name}"\r\nContent-Type: text/plain'.encode(), text),
    st.sampled_from(["", "poc.txt", "../x", "ü.bin"]), st.binary(max_size=300),
)  # fmt: skip
odd = st.sampled_from([
    (b"Content-Type: text/plain\r\nContent-Disposition: form-data; name=\"late\"", b"x"), (b"content-disposition: form-data; name=\"small\"", b"x"), (b"", b"none"),
    (b"Content-Disposition:form-data; name=\"tight\"", b"x"), (b"Content-Disposition: form-data; name=\"folded\";\r\n x=y", b"x"), (b"Content-Disposition: form-data", b"nameless"),
])  # fmt: skip
traps = st.sampled_from([b"", b"\r\n--", b"\r\n--" + BOUNDARY[:-1], b"--" + BOUNDARY, b"\r\n\r\n", b"\n--" + BOUNDARY + b"\n", b"\r\n--" + BOUNDARY + b"\r\n", b"\r\n--" + BOUNDARY + b"--"])


@settings(max_examples=400, deadline=None)
@given(parts=st.lists(st.one_of(field, upload, odd), max_size=6), trap=traps, end=st.sampled_from([b"--\r\n", b"--", b"--\r\nepilogue", b"", b"  --\r\n"]), cut=st.integers(0, 40))
def test_both_ways_read_the_same(parts, trap, end, cut) -> None:
    body = form([(head, content + trap) for head, content in parts], end)
    for whole in (body, body[: len(body) - cut], b"preamble\r\n" + body):
        assert read(whole, sized=True) == read(whole, sized=False)


def test_what_browsers_write_takes_the_short_way(monkeypatch: pytest.MonkeyPatch) -> None:
    body = form([(b'Content-Disposition: form-data; name="title"', b"T"), (b'Content-Disposition: form-data; name="files"; filename="a.bin"\r\nContent-Type: application/octet-stream', b"A" * 70_000)])
    monkeypatch.setattr(uploads, "MultipartParser", None)
    fields, files, problems = read(body, sized=True)
    assert (fields, [(name, size) for name, size, _content in files], problems) == ({"title": "T"}, [("a.bin", 70_000)], {})


def test_bounds_hold_on_the_short_way() -> None:
    many = form([(b'Content-Disposition: form-data; name="files"; filename="a"', b"A")] * 5)
    assert "More than 3 files" in read(many, sized=True)[2]["files"]
    assert "" in read(form([(b'Content-Disposition: form-data; name="x"', b"A")] * 101), sized=True)
