"""Attacks of the class sandbox, and their benign twins."""
