"""Migrations, by owner."""
