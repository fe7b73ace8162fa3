"""The start that reads nothing but one file of the cache gives the rules that stand in the files, and notices when these change."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from troth.detectors import loading


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    for name in ("github.toml", "npm.toml"):
        shutil.copy(loading.RULES / name, folder / name)
    (tmp_path / "cache").mkdir(mode=0o700)
    monkeypatch.setenv("TROTH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(loading, "RULES", folder)
    return folder


def test_a_warm_start_gives_the_same_and_reads_no_rule(rules: Path, monkeypatch: pytest.MonkeyPatch):
    cold = loading.load()
    monkeypatch.setattr(loading, "digest", lambda: pytest.fail("the rule files were read"))
    assert loading.load() == cold


def test_an_edit_that_keeps_size_and_date_is_noticed(rules: Path):
    before, digest = loading.load()
    path = rules / "github.toml"
    status, text = path.stat(), path.read_text(encoding="utf-8")
    title = next(rule.title for rule in before if rule.provider == "GitHub")
    path.write_text(text.replace(title, title.swapcase()), encoding="utf-8")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    after, other = loading.load()
    assert other != digest
    assert any(rule.title == title.swapcase() for rule in after)


@pytest.mark.parametrize("damage", [b"", b"junk", b"[]", b'[["a"]]'])
def test_a_damaged_cache_costs_time_only(rules: Path, damage: bytes):
    good = loading.load()
    folder = rules.parent / "cache"
    for path in folder.iterdir():
        kept = path.read_bytes()
        path.write_bytes(kept[: kept.index(b"[[")] + damage)
    assert loading.load() == good


def test_an_added_file_is_noticed(rules: Path):
    before, _ = loading.load()
    (rules / "zz.toml").write_text(
        "provider = 'E'\ndocs = 'https://example.com'\n[rules.example-key]\ntitle = 'E'\npattern = 'exk_[0-9A-Za-z]{32}'\n", encoding="utf-8"
    )
    after, _ = loading.load()
    assert {rule.id for rule in after} - {rule.id for rule in before} == {"example-key"}
