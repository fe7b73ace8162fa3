"""Tests of the jobs: requests, permits, the lane and the executor."""
