"""Rights of the process."""
