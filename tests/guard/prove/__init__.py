"""Tests of proofs by running."""
