"""CPU time of verifying a permit, all of it, beside one raw Ed25519 verification of the same bytes, in turn: `python -m bench.jobs.ratio`."""

from __future__ import annotations

import statistics
import time

from tests.jobs.world import ACME, EXECUTOR, ISSUER, People

from troth.jobs.permits.claims import Binding, Claims, new_jti
from troth.jobs.permits.envelope import read, seal
from troth.jobs.permits.verify import Wanted, verify
from troth.jobs.registry import Category


def measure(rounds: int = 60, each: int = 100) -> tuple[float, float]:
    """Microseconds of one raw verification, and of reading, verifying and holding a permit against its job; medians."""
    people, now = People(), int(time.time())
    roster, signer = people.roster(), people.keys["ana"]
    binding = Binding("0" * 64, "1" * 64, "2" * 64)
    content = seal(Claims(ISSUER, EXECUTOR, "acme", "web", ("repo.touch",), (binding,), ("ana",), new_jti(), now - 1, now + 800), [signer])
    wanted = Wanted(ACME, "repo.touch", Category.ACTION, binding.sha256, binding.plan, binding.evidence, "requester")
    sealed, public = read(content), signer.key.public_key()
    message, signature = sealed.signed, sealed.signatures[0][1]
    raw, whole = [], []
    for _ in range(rounds):
        begun = time.process_time()
        for _ in range(each):
            public.verify(signature, message)
        raw.append(time.process_time() - begun)
        begun = time.process_time()
        for _ in range(each):
            verify([content], roster, executor=EXECUTOR, at=now).require(wanted, roster)
        whole.append(time.process_time() - begun)
    return statistics.median(raw) / each * 1e6, statistics.median(whole) / each * 1e6


def main() -> int:
    """Run and print; 1 above 1.25."""
    raw, whole = measure()
    print(f"raw Ed25519 verify {raw:.1f} us, permit {whole:.1f} us, ratio {whole / raw:.3f}")
    return 0 if whole / raw <= 1.25 else 1


if __name__ == "__main__":
    raise SystemExit(main())
