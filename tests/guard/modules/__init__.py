"""Disabled modules."""
