"""What the desk reads from the policies of its specification, beside what a person read in them, and from any other policies.

    TROTH_SEEDS=... python tools/eval_desk.py             the table, and what differs; exit code 1 if something does
    python tools/eval_desk.py POLICY...                   the same table for other files, nothing to compare with

Facts are kept by the digest of the policy that they are about: a policy that changed is skipped and said so.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from troth.check.catalogue import shipped  # noqa: E402
from troth.desk.promise_reading import desk_policy  # noqa: E402
from troth.desk.promises import DeskPolicy, Limit  # noqa: E402
from troth.policy import read_bytes  # noqa: E402
from troth.policy.match import match  # noqa: E402

# read by hand; "~" marks an aim, "?" an optional field or a channel in doubt, "!" a supported line
FACTS: dict[str, dict[str, str]] = {
    "dbf9c884": {
        "acknowledge": "PT48H", "plan": "P7D", "coordinated": "yes", "credit": "yes", "fields": "description steps impact fix?", "channels": "email", "lines": "0.1.x!",
    },
    "dae1604f": {
        "acknowledge": "PT48H", "assess": "P7D", "fix": "critical=P7D~/P14D high=P14D~/P28D medium=P28D~/P56D low=P28D~/P56D", "coordinated": "yes", "credit": "yes, may be anonymous",
        "fields": "description steps impact fix? contact", "channels": "email ghsa?", "lines": "1.0.x! <1.0", "all_lines": "yes", "variants": "yes", "subject": "yes",
    },
    "4fc193dd": {
        "acknowledge": "PT48H", "update": "P7D", "fix": "critical=P7D~/-", "coordinated": "yes", "credit": "yes, may be anonymous", "fields": "description steps impact fix?",
        "channels": "email?", "lines": "1.0.x! <1.0", "scope": "6 in, 4 out",
    },
    "116197cf": {
        "acknowledge": "PT48H", "assess": "P7D", "fix": "critical=P7D~/-", "develop": "P7D..P30D", "not_before_release": "P30D", "not_before": "P30D", "coordinated": "yes",
        "credit": "yes, may be anonymous", "fields": "description steps impact fix? contact", "channels": "email? ghsa", "lines": "0.1.0-alpha.x! <0.1.0-alpha.2",
        "advisories": "ghsa cve release-notes", "needs": "update",
    },
    "cc6c455a": {"channels": "email?"},
}  # fmt: skip


def row(policy: DeskPolicy) -> dict[str, str]:
    """One policy's settings as short words; what it does not promise is left out."""
    def limit(one: Limit | None) -> str:
        return "-" if one is None else f"{one.span}{'' if one.binding else '~'}"

    scope = [rule.direction for rule in policy.scope]
    credit = "yes, may be anonymous" if policy.credit.opt_out else "yes"
    told = {name: limit(getattr(policy, name)) for name in ("acknowledge", "assess", "plan", "update", "not_before_release", "not_before", "embargo")}
    told |= {
        "fix": " ".join(f"{severity}={limit(fix.target)}/{limit(fix.limit)}" for severity, fix in policy.fix.items()),
        "develop": f"{policy.develop.after}..{policy.develop.until}" if policy.develop else "",
        "coordinated": "yes" * policy.coordinated,
        "credit": credit * policy.credit.promised,
        "fields": " ".join(one.name + "?" * one.optional for one in policy.fields),
        "subject": "yes" * bool(policy.subject),
        "channels": " ".join(one.kind + "?" * bool(one.doubt) for one in policy.channels),
        "lines": " ".join(one.range + "!" * one.supported for one in policy.lines),
        "scope": f"{scope.count('in')} in, {scope.count('out')} out" if scope else "",
        "all_lines": "yes" * policy.all_lines,
        "variants": "yes" * policy.variants,
        "advisories": " ".join(policy.advisories),
        "needs": " ".join(need.setting for need in policy.needs),
    }
    return {name: value for name, value in told.items() if value not in ("", "-")}


def read(path: Path) -> tuple[str, dict[str, str]]:
    """Digest of a policy, and its row."""
    data = path.read_bytes()
    reading = read_bytes(data, path.name)
    return hashlib.sha256(data).hexdigest()[:8], row(desk_policy(reading, match(reading.statements, shipped())))


def compare(folder: Path) -> tuple[list[str], list[str], int]:
    """Lines of the table, what differs, and how many policies were compared."""
    lines, wrong, seen = [], [], 0
    for path in sorted(folder.glob("*.md")):
        digest, found = read(path)
        lines += [f"policy {digest}", *(f"  {name:20} {value}" for name, value in found.items())]
        wanted = FACTS.get(digest)
        if wanted is None:
            lines.append("  (no facts are kept for this text)")
            continue
        seen += 1
        wrong += [f"{digest} {name}: read {found.get(name, '-')}, a person read {wanted.get(name, '-')}" for name in sorted(set(found) | set(wanted)) if found.get(name) != wanted.get(name)]
    return lines, wrong, seen


def main() -> int:
    """Print the table."""
    if sys.argv[1:]:
        for name in sys.argv[1:]:
            digest, found = read(Path(name))
            print(f"policy {digest}", *(f"  {key:20} {value}" for key, value in found.items()), sep="\n")
        return 0
    if "TROTH_SEEDS" not in os.environ:
        print("skipped: TROTH_SEEDS does not name the policies")
        return 0
    lines, wrong, seen = compare(Path(os.environ["TROTH_SEEDS"]))
    print(*lines, f"{seen} of {len(FACTS)} policies compared, {len(wrong)} differences", *wrong, sep="\n")
    return 1 if wrong or seen < len(FACTS) else 0


if __name__ == "__main__":
    sys.exit(main())
