"""TypeScript, JavaScript and Rust files as code rules see them, by tree-sitter: names, constants and the flow of values within one file."""

from __future__ import annotations

__all__: list[str] = []
