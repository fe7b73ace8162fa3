"""What registries (PyPI, npm) tell of a project's own packages: who publishes them, and which files carry provenance that verifies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from troth.terms.facts.forge_answer import NotSeen

__all__ = ["Artifact", "ProvenanceState", "Registries", "RegistriesShown", "RegistryPackage"]


class ProvenanceState(StrEnum):
    """VERIFIED: an attestation over this file's digest verifies against Sigstore's roots. ABSENT: the registry holds none. INVALID: one is there and does not verify. UNKNOWN: it could not be looked at."""

    VERIFIED = "verified"
    ABSENT = "absent"
    INVALID = "invalid"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file of the newest release.

    Attributes:
        name: file name.
        digest: `sha256:` or `sha512:` and the hex digest that the registry gives.
        state: what is known of its provenance.
        publisher: for VERIFIED, the identity in the certificate: repository and workflow.
        because: for INVALID and UNKNOWN, why.
    """

    name: str
    digest: str
    state: ProvenanceState
    publisher: str = ""
    because: str = ""


@dataclass(frozen=True, slots=True)
class RegistryPackage:
    """A package on its registry.

    Attributes:
        registry: `npm` or `pypi`.
        name, version: of the newest release.
        people: accounts that may publish, as far as the registry tells (npm); second factors are told by neither.
        artifacts: files of that release.
        source: address, time and digest of the answer.
    """

    registry: str
    name: str
    version: str
    people: tuple[str, ...]
    artifacts: tuple[Artifact, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Registries:
    """What was asked: packages that the registries know, what could not be seen, and when.

    Attributes:
        packages: known ones.
        unseen: packages that could not be looked at, with the reason.
        taken: time of the oldest answer.
    """

    packages: tuple[RegistryPackage, ...]
    unseen: tuple[NotSeen, ...]
    taken: datetime | None


@dataclass(frozen=True, slots=True)
class RegistriesShown:
    """The answer, or why there is none; always there, so that controls which files can decide too do not go blind without it."""

    registries: Registries | None
    gap: NotSeen
    asked: bool = False
