"""Attacks of the class bombs, and their benign twins."""
