"""Tests of tensors and devices."""
