"""Advisories and indexes made for tests."""

import json
from datetime import UTC, datetime
from pathlib import Path

from troth.engines.advisories.importing import import_source
from troth.engines.advisories.index import open_index

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)


def advisory(name="OSV-1", ecosystem="PyPI", package="flask", events=None, versions=None, **more):
    affected = {"package": {"ecosystem": ecosystem, "name": package}}
    if events is not None:
        affected["ranges"] = [{"type": "ECOSYSTEM", "events": events}]
    if versions is not None:
        affected["versions"] = versions
    return {"id": name, "modified": "2026-01-30T00:00:00Z", "summary": "It breaks", "affected": [affected], **more}


def index_of(folder: Path, *advisories, as_of=None, now=NOW):
    """An opened index of OSV records (or of texts, as they are)."""
    source = folder / "source"
    source.mkdir(exist_ok=True)
    for number, each in enumerate(advisories):
        text = each if isinstance(each, str) else json.dumps(each)
        (source / f"{number}.json").write_text(text, encoding="utf-8")
    import_source(source, folder / "index.sqlite", now=now, as_of=as_of)
    return open_index(folder / "index.sqlite")
