"""Isolation from networks."""
