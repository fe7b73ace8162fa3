"""Attacks of the class paths, and their benign twins."""
