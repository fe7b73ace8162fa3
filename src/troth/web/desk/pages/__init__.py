"""Templates of the desk."""
