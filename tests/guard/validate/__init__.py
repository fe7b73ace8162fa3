"""Tests of the boundary for inputs."""
