"""Reads what a tree's programs define and call: Python by its own parser, TypeScript, JavaScript and Rust by tree-sitter (extra `code`)."""

from troth.engines.code.programs.look import look

__all__ = ["look"]
