"""Writes requirements/*.txt from pyproject.toml: every version, every hash, no registry's address.

Needs `uv` on PATH. Run it after a change of dependencies: `python tools/relock.py [--upgrade]`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
COMPILE = ("uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-header", "--no-annotate", "--system-certs",
           "--no-emit-index-url", "--no-emit-find-links", "--python-version", "3.11")  # fmt: skip
EXTRAS = ("cedar", "code", "desk", "forge", "jobs", "keyring", "licences", "models", "oidc", "pgp", "postgres", "provenance", "remote", "sandbox", "sarif", "secrets", "validate")
"""What the tests use; a test whose extra is not installed skips, saying so. Not `dkim`: dkimpy comes as source only, and the locks take wheels alone."""
LOCKS = {
    "run": ("pyproject.toml", "--group", "build", "--extra", "secrets"),
    "audit": ("--group", "audit"),
    "test": ("pyproject.toml", "--group", "build", "--group", "lint", "--group", "test", *(word for extra in EXTRAS for word in ("--extra", extra))),
}


def main() -> None:
    """Write both locks and refuse an address in them."""
    for name, choice in LOCKS.items():
        lock = HERE / "requirements" / f"{name}.txt"
        subprocess.run([*COMPILE, *choice, "-o", str(lock), *sys.argv[1:]], cwd=HERE, check=True)
        text = lock.read_text(encoding="utf-8")
        if "://" in text:
            sys.exit(f"{lock} names an address; it must not be committed")
        sys.stdout.write(f"{lock.relative_to(HERE)}: {text.count('==')} packages\n")


if __name__ == "__main__":
    main()
