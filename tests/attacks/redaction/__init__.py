"""Attacks of the class redaction, and their benign twins."""
