"""Pages of registries made for tests, and the real attestations of a published sdist where `TROTH_ATTESTATIONS` names the folder that holds them."""

import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path

from troth.engines.registries.pages import Page, RecordedPages

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
REAL = os.environ.get("TROTH_ATTESTATIONS")
"""`test/assets` of the unpacked sdist of `pypi-attestations`."""

FILE = "pypi_attestations-0.0.19.tar.gz"


def page(address, body, status=200, time=NOW):
    return Page(address, status, body if isinstance(body, str) else json.dumps(body), time)


def pypi(name="rocket", version="1.0", file="rocket-1.0.tar.gz", sha256="0" * 64, provenance=None, status=200):
    about = page(f"https://pypi.org/pypi/{name}/json", {"info": {"name": name, "version": version}, "urls": [{"filename": file, "digests": {"sha256": sha256}}]})
    address = f"https://pypi.org/integrity/{name}/{version}/{file}/provenance"
    return [about, page(address, "", 404) if provenance is None else page(address, provenance, status)]


def npm(name="@acme/rocket", version="1.0.0", integrity="sha512-" + "AA" * 42 + "AA==", attestations=None):
    address = f"https://registry.npmjs.org/{name.replace('/', '%2F')}/latest"
    about = page(address, {"name": name, "version": version, "maintainers": [{"name": "robin"}], "dist": {"integrity": integrity}})
    where = f"https://registry.npmjs.org/-/npm/v1/attestations/{name.replace('/', '%2F')}@{version}"
    return [about, page(where, "", 404) if attestations is None else page(where, attestations)]


def recorded(*pages):
    return RecordedPages({each.address: each for each in pages})


def real(change=lambda data: data, file=FILE):
    """Pages of a project whose newest file is the real one, its provenance changed as asked."""
    folder = Path(REAL)
    digest = hashlib.sha256((folder / FILE).read_bytes()).hexdigest()
    return pypi("pypi-attestations", "0.0.19", file, digest, change((folder / f"{FILE}.provenance").read_text(encoding="utf-8")))
