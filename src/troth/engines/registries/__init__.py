"""What npm and PyPI tell of packages, read-only and without any token, live or from a snapshot; provenance is verified offline."""
