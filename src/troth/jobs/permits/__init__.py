"""Permits: who allowed exactly which job, signed, for minutes, once.

`claims` says what a permit binds, `envelope` how it is written and read, `roster` who may approve, `verify` puts them together, `signers` holds private keys, `oidc`
lets an identity provider vouch for a key of minutes, `cedar` asks a policy who may approve what. None of them acts; spending a permit is the executor's.
"""

from __future__ import annotations

from troth.jobs.permits.claims import Binding, Claims, narrow
from troth.jobs.permits.envelope import PAYLOAD_TYPE, Sealed, countersign, read, seal
from troth.jobs.permits.roster import Approver, Roster, Rule, TrustedKey
from troth.jobs.permits.signers import KeyDoor, MemoryDoor, Signer
from troth.jobs.permits.verify import Allowed, Wanted, verify

__all__ = [
    "PAYLOAD_TYPE",
    "Allowed",
    "Approver",
    "Binding",
    "Claims",
    "KeyDoor",
    "MemoryDoor",
    "Roster",
    "Rule",
    "Sealed",
    "Signer",
    "TrustedKey",
    "Wanted",
    "countersign",
    "narrow",
    "read",
    "seal",
    "verify",
]
