"""Finds files of trained models, what Git LFS is told about them, who loads them, and what they hold. The command `troth models` starts without the engines of a check."""
