"""Tests of transport between nodes."""
