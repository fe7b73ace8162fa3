"""Verifies attestations over a file's digest against Sigstore's roots, without a network: PEP 740 (PyPI) and Sigstore bundles (npm).

The verdict is of cryptography alone: certificate chain, signature, transparency log and digest. Which identity signed is told, and judged elsewhere. The library is the extra
`provenance`; without it nothing is verified and nothing passes.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from troth.engines.documents.plain import Plain, as_list, as_map, as_text
from troth.engines.registries.npm_bundle import payload_of, repository_of
from troth.errors import LookError
from troth.terms.facts.registries import Artifact, ProvenanceState

__all__ = ["of_npm", "of_pypi"]

_MISSING = "the extra troth[provenance]"
_ISSUERS = ("https://token.actions.githubusercontent.com", "https://gitlab.com")
"""Who vouches for workflows that npm takes provenance from."""

_SLSA = ("https://slsa.dev/provenance/v1", "https://slsa.dev/provenance/v0.2")


@contextmanager
def _quiet() -> Iterator[None]:
    """Sigstore warns that it does not update its roots offline, which is what is wanted here."""
    logger = logging.getLogger("sigstore")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def of_pypi(name: str, sha256: str, provenance: Mapping[str, Plain]) -> Artifact:
    """Verify a PyPI provenance object over a file.

    Args:
        name: file name.
        sha256: hex digest that the registry gives.
        provenance: answer of the integrity interface.

    Raises:
        LookError: the library is not installed.
    """
    digest = f"sha256:{sha256}"
    try:
        from pydantic import ValidationError
        from pypi_attestations import AttestationError, Distribution, Provenance
    except ImportError as error:
        raise LookError(_MISSING, "The library that verifies attestations is not installed.") from error
    try:
        parsed = Provenance.model_validate(provenance)
        told = ""
        with _quiet():
            for bundle in parsed.attestation_bundles:
                publisher = bundle.publisher
                for attestation in bundle.attestations:
                    attestation.verify(publisher, Distribution(name=name, digest=sha256), offline=True)
                    told = _publisher(publisher.model_dump())
    except ValidationError:
        return Artifact(name, digest, ProvenanceState.INVALID, because="it is not written as PEP 740 has it")
    except AttestationError as error:
        return Artifact(name, digest, ProvenanceState.INVALID, because=str(error)[:200])
    if not told:
        return Artifact(name, digest, ProvenanceState.ABSENT)
    return Artifact(name, digest, ProvenanceState.VERIFIED, told)


def _publisher(fields: Mapping[str, object]) -> str:
    where = fields.get("repository") or fields.get("email") or fields.get("project_id") or ""
    workflow = fields.get("workflow") or fields.get("workflow_filepath") or fields.get("pipeline_definition_id") or ""
    return f"{fields.get('kind')} {where} {workflow}".strip()


def of_npm(name: str, sha512: str, answer: Mapping[str, Plain]) -> Artifact:
    """Verify npm's attestations over a package's archive.

    Args:
        name: `package@version`.
        sha512: hex digest of the archive, from `dist.integrity`.
        answer: answer of npm's attestation interface.

    Raises:
        LookError: the library is not installed.
    """
    digest = f"sha512:{sha512}"
    try:
        from sigstore.errors import Error as SigstoreError
        from sigstore.models import Bundle, InvalidBundle
        from sigstore.verify import policy
    except ImportError as error:
        raise LookError(_MISSING, "The library that verifies attestations is not installed.") from error
    wanted = [as_map(each) for each in as_list(answer.get("attestations")) if as_text(as_map(each).get("predicateType")) in _SLSA]
    if not wanted:
        return Artifact(name, digest, ProvenanceState.ABSENT)
    try:
        with _quiet():
            bundle = Bundle.from_json(json.dumps(wanted[0].get("bundle")))
            statement = as_map(json.loads(payload_of(bundle, policy.AnyOf([policy.OIDCIssuerV2(issuer) for issuer in _ISSUERS]))))
    except InvalidBundle as error:
        known = bool(as_text(as_map(wanted[0].get("bundle")).get("mediaType")).endswith("version=0.1"))
        state = ProvenanceState.UNKNOWN if known else ProvenanceState.INVALID
        because = "its bundle is of the first form, without the proof that the log holds it" if known else str(error)[:200]
        return Artifact(name, digest, state, because=because)
    except (ImportError, AttributeError) as error:
        return Artifact(name, digest, ProvenanceState.UNKNOWN, because=f"the library that verifies is not one that is known here ({type(error).__name__})")
    except (SigstoreError, ValueError, TypeError, KeyError) as error:
        return Artifact(name, digest, ProvenanceState.INVALID, because=(str(error) or type(error).__name__)[:200])
    subjects = {as_text(as_map(as_map(each).get("digest")).get("sha512")) for each in as_list(statement.get("subject"))}
    if sha512 not in subjects:
        return Artifact(name, digest, ProvenanceState.INVALID, because="it is about another file")
    workflow = as_map(as_map(as_map(as_map(statement.get("predicate")).get("buildDefinition")).get("externalParameters")).get("workflow"))
    signer, claimed = repository_of(bundle), as_text(workflow.get("repository"))
    if not signer or (claimed and claimed.lower().removesuffix(".git") != signer.lower()):
        return Artifact(name, digest, ProvenanceState.INVALID, because=f"it says {claimed or 'nothing'} of its repository, and its certificate {signer or 'nothing'}"[:200])
    return Artifact(name, digest, ProvenanceState.VERIFIED, f"GitHub {signer} {as_text(workflow.get('path'))}".strip())
