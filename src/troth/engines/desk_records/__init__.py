"""Reads and verifies the signed statement of a desk that the settings name."""

from troth.engines.desk_records.look import look

__all__ = ["look"]
