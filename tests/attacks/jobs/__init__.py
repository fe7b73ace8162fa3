"""Attacks on the jobs, each with a twin that must go through: `python -m tests.attacks.jobs`."""
