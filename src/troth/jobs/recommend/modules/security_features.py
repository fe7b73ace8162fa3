"""Asks the forge to switch on the security features that the policy names: secret scanning, push protection, alerts, private reports. An action, not a patch."""

from __future__ import annotations

import re
from collections.abc import Iterable

from troth.jobs.recommend.facts import Facts
from troth.jobs.recommend.recommendation import Advice, ForgeAction, Gap, Risk, act
from troth.judgement.forge_features import feature_name

__all__ = ["MODULE", "SecurityFeatures"]

_PARTS = re.compile(r"[,;/]|\band\b|\bor\b|&")
_KNOWN = frozenset(("push-protection", "secret-scanning", "dependabot-alerts", "security-updates", "private-reporting", "code-scanning"))


class SecurityFeatures:
    """See the module."""

    name = "security-features"
    controls = ("settings/security-features", "deps/update-bot", "secrets/commit-prevention", "report/private-contact")
    wants = ()

    def recommend(self, facts: Facts) -> Iterable[Advice]:
        """One action for all features that sentences name and that are not known to be on."""
        wanted = {one.fingerprint: names for one in facts.complaints if (names := self._features(one.control, one.word("feature"), one.text, one.because))}
        mends = tuple(one for one in facts.complaints if one.fingerprint in wanted)
        if not mends:
            return
        if not facts.repository:
            yield Gap(self.name, tuple(wanted), "the repository's name on the forge (--repository OWNER/NAME)", "The tree has no remote `origin` on a forge.")
            return
        switches = sorted({name for found in wanted.values() for name in found})
        yield act(
            facts, self.name, ForgeAction("security-features", {"repository": facts.repository, "features": list(switches)}),
            title=f"Switch on {', '.join(switches)}", mends=mends, risk=Risk.LOW, why="The policy says that it is on; it is a switch of the forge, which no file sets.",
        )  # fmt: skip

    @staticmethod
    def _features(control: str, feature: str, text: str, because: str) -> tuple[str, ...]:
        """All that a sentence names: one finding may speak of several switches, and mending half of it mends nothing."""
        lower = f"{text} {because}".lower()
        if control == "report/private-contact":
            return ("private-reporting",) if "private" in lower and ("advisor" in lower or "private vulnerability report" in lower) else ()
        if control == "deps/update-bot" and "setting" not in because.lower():
            return ()
        if control == "secrets/commit-prevention":
            return ("push-protection",) if "push protection" in lower else ()
        named = {feature_name(part) for part in (feature, *_PARTS.split(text))}
        return tuple(sorted(named & _KNOWN))


MODULE = SecurityFeatures()
