"""Encrypting in the reporter's browser: what the server gets, stores and could show is ciphertext, files included; who holds the key reads it offline."""

from __future__ import annotations

import json
from pathlib import Path

import pyrage
import pytest

from tests.web.conftest import REPORT, copied, serving
from tests.web.test_browser import browser, fill_report, watched  # noqa: F401
from troth.app.desk import keeping
from troth.app.desk.reading import read_cases

pytestmark = pytest.mark.browser


def test_a_report_and_its_files_are_closed_before_they_leave_the_browser(template: Path, tmp_path: Path, browser) -> None:  # noqa: F811
    identity = pyrage.x25519.Identity.generate()
    folder = copied(template, tmp_path / "desk")
    path = folder / "desk.toml"
    path.write_text(path.read_text().replace("sealed = []", f'sealed = ["{identity.to_public()}"]'))
    sent: list[bytes] = []
    with serving(folder) as room:
        page = watched(browser)
        page.on("request", lambda request: sent.append(request.post_data_buffer or b"") if request.method == "POST" else None)
        page.goto(room.desk.settings.origin)
        fill_report(page)
        page.set_input_files("#f-files", {"name": "poc.txt", "mimeType": "text/plain", "buffer": b"a canary in a file"})
        page.check("#seal-box")
        page.click("text=Send the report")
        page.wait_for_selector("#link")
        assert page.complaints == []
        keeping.backup(room.desk, tmp_path / "backup.db")

    words = [REPORT["description"].encode(), REPORT["title"].encode(), b"a canary in a file"]
    assert sent
    assert not any(word in body for word in words for body in sent)
    read_cases(f"sqlite:///{tmp_path}/backup.db", [str(identity)], tmp_path / "out")
    told = json.loads((tmp_path / "out" / "T-1" / "case.json").read_text())
    assert told["thread"][0]["values"]["description"] == REPORT["description"]
    assert told["thread"][0]["files"][0]["name"] == "poc.txt.age"
    assert pyrage.decrypt((tmp_path / "out" / "T-1" / "file-1").read_bytes(), [identity]) == b"a canary in a file"
