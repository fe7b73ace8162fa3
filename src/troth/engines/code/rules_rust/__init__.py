"""Rules for Rust: every file of this folder is one."""

from __future__ import annotations

__all__: list[str] = []
