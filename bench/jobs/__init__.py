"""Load, crashes and ratios of the jobs."""
