"""Asks PyPI and npm about a tree's own packages: newest release, who may publish (npm tells, PyPI does not), and whether its files carry provenance that verifies.

Second factors are not asked for: neither registry tells strangers. A package that the registry does not know is told as unseen: it may be private, or published elsewhere.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final
from urllib.parse import quote

from troth.engines.documents import DocumentError, parse_json
from troth.engines.documents.plain import as_list, as_map, as_text
from troth.engines.registries.pages import Page, Pages
from troth.engines.registries.provenance import of_npm, of_pypi
from troth.errors import ForgeUnreachableError, LookError
from troth.terms.facts.dependencies import Dependencies, Ecosystem
from troth.terms.facts.forge_answer import NotSeen
from troth.terms.facts.registries import Artifact, ProvenanceState, Registries, RegistryPackage

__all__ = ["look_at", "own_packages"]

_NPM: Final = "https://registry.npmjs.org"
_PYPI: Final = "https://pypi.org"
_NAME: Final = re.compile(r"(?:@[a-z0-9][\w.-]{0,100}/)?[A-Za-z0-9][\w.-]{0,200}")
_ASIDE: Final = re.compile(r"(?:^|/)(?:tests?|examples?|docs?|fixtures?|bench\w*|node_modules)/")
_MOST: Final = 50
_FILES: Final = 20


def own_packages(dependencies: Dependencies) -> tuple[tuple[str, str], ...]:
    """Registry and name of each package that the tree's manifests describe and do not keep private."""
    found: dict[tuple[str, str], None] = {}
    for manifest in dependencies.manifests:
        package = manifest.package
        if package is None or not package.name or package.private or manifest.workspaces or _ASIDE.search(manifest.path) or package.registry:
            continue
        registry = {Ecosystem.NPM: "npm", Ecosystem.PYPI: "pypi"}.get(manifest.ecosystem, "")
        if registry and _NAME.fullmatch(package.name):
            found[registry, package.name] = None
    return tuple(found)[:_MOST]


def look_at(packages: Iterable[tuple[str, str]], pages: Pages) -> Registries:
    """What the registries tell of packages.

    Args:
        packages: registry (`npm`, `pypi`) and name.
        pages: live or recorded.

    Raises:
        ForgeUnreachableError: a registry cannot be reached at all.
    """
    seen: list[RegistryPackage] = []
    unseen: list[NotSeen] = []
    times: list[datetime] = []
    for registry, name in packages:
        try:
            package, time = (_npm if registry == "npm" else _pypi)(name, pages)
        except ForgeUnreachableError:
            raise
        except (LookError, DocumentError) as error:
            missing = error.missing if isinstance(error, LookError) else "an answer as the registry documents it"
            because = error.because if isinstance(error, LookError) else f"The answer about {name} cannot be used."
            unseen.append(NotSeen(f"{registry}: {name}", missing, because))
            continue
        seen.append(package)
        times.append(time)
    return Registries(tuple(seen), tuple(unseen), min(times, default=None))


def _body(pages: Pages, address: str) -> tuple[dict[str, object], Page]:
    page = pages.page(address)
    if page.status != 200:
        raise LookError("a package that the registry knows", f"GET {address} is answered with status {page.status}.")
    data = as_map(parse_json(page.text))
    if not data:
        raise LookError("an answer as the registry documents it", f"The answer to GET {address} is no object.")
    return dict(data), page


def _npm(name: str, pages: Pages) -> tuple[RegistryPackage, datetime]:
    data, page = _body(pages, f"{_NPM}/{quote(name, safe='@')}/latest")
    version, dist = as_text(data.get("version")), as_map(data.get("dist"))  # type: ignore[arg-type]
    if as_text(data.get("name")) != name or not version:  # type: ignore[arg-type]
        raise LookError("an answer as the registry documents it", f"npm answers about another package than {name}.")
    people = tuple(as_text(as_map(each).get("name")) for each in as_list(data.get("maintainers")))  # type: ignore[arg-type]
    label = f"{name}@{version}"
    artifact = _npm_artifact(label, _sha512(as_text(dist.get("integrity"))), pages)
    return RegistryPackage("npm", name, version, people, (artifact,), page.source), page.time


def _sha512(integrity: str) -> str:
    method, _, value = integrity.partition("-")
    try:
        return base64.b64decode(value, validate=True).hex() if method == "sha512" else ""
    except (binascii.Error, ValueError):
        return ""


def _npm_artifact(label: str, sha512: str, pages: Pages) -> Artifact:
    if not sha512:
        return Artifact(label, "", ProvenanceState.UNKNOWN, because="the registry gives no SHA-512 of it")
    try:
        page = pages.page(f"{_NPM}/-/npm/v1/attestations/{quote(label, safe='@')}")
        if page.status == 404:
            return Artifact(label, f"sha512:{sha512}", ProvenanceState.ABSENT)
        if page.status != 200:
            return Artifact(label, f"sha512:{sha512}", ProvenanceState.UNKNOWN, because=f"its attestations are answered with status {page.status}")
        return of_npm(label, sha512, as_map(parse_json(page.text)))
    except (LookError, DocumentError) as error:
        return Artifact(label, f"sha512:{sha512}", ProvenanceState.UNKNOWN, because=str(error)[:200])


def _pypi(name: str, pages: Pages) -> tuple[RegistryPackage, datetime]:
    data, page = _body(pages, f"{_PYPI}/pypi/{quote(name, safe='')}/json")
    version = as_text(as_map(data.get("info")).get("version"))  # type: ignore[arg-type]
    files = [as_map(each) for each in as_list(data.get("urls"))][:_FILES]  # type: ignore[arg-type]
    if not version or not files:
        raise LookError("a release with files", f"PyPI lists no files of {name}.")
    artifacts = tuple(
        _pypi_artifact(name, version, as_text(each.get("filename")), as_text(as_map(each.get("digests")).get("sha256")), pages) for each in files
    )
    return RegistryPackage("pypi", name, version, (), artifacts, page.source), page.time


def _pypi_artifact(name: str, version: str, file: str, sha256: str, pages: Pages) -> Artifact:
    digest = f"sha256:{sha256}"
    if not re.fullmatch(r"[0-9a-f]{64}", sha256) or not file:
        return Artifact(file, "", ProvenanceState.UNKNOWN, because="the registry gives no SHA-256 of it")
    parts = "/".join(quote(part, safe="") for part in (name, version, file))
    try:
        page = pages.page(f"{_PYPI}/integrity/{parts}/provenance")
        if page.status == 404:
            return Artifact(file, digest, ProvenanceState.ABSENT)
        if page.status != 200:
            return Artifact(file, digest, ProvenanceState.UNKNOWN, because=f"its attestations are answered with status {page.status}")
        return of_pypi(file, sha256, as_map(parse_json(page.text)))
    except (LookError, DocumentError) as error:
        return Artifact(file, digest, ProvenanceState.UNKNOWN, because=str(error)[:200])
