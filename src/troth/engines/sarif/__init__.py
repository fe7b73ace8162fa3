"""Reads SARIF 2.1.0 of other tools as evidence: tool, version, rules, date, commit, and what went wrong. Findings themselves are counted, not kept."""

from __future__ import annotations

from troth.engines.sarif.reading import read_sarif

__all__ = ["read_sarif"]
