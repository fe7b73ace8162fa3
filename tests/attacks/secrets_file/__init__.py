"""Attacks of the class secrets file, and their benign twins."""
