"""Reads which licences dependencies come under: npm's lock files and the metadata of vendored packages. Asks no registry."""

from troth.engines.licences.look import look

__all__ = ["look"]
