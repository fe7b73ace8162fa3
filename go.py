#!/usr/bin/env python3
"""Sets Troth up from a checkout and runs it, with nothing but python3 and pip on the machine.

    python3 go.py demo         install into .venv/run, then run `troth demo`
    python3 go.py test         install what the tests need into .venv/test, then run the whole suite
    python3 go.py COMMAND ...  any other command of troth, for example: python3 go.py check .

Needs no root, writes only below this directory, and never touches the system's packages (PEP 668): it makes a virtual environment
without pip in it and lets the system's pip fill it, because Debian's python3 ships neither ensurepip nor permission for more.
Packages come from the locks in requirements/ with their hashes. Standard library only; readable by Python 3.8 to say what is missing.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
OLDEST = (3, 11)
CANDIDATES = ("python3.14", "python3.13", "python3.12", "python3.11", "python3", "python")


def fail(message):
    """Stop with a sentence that says what to do."""
    sys.stderr.write("go.py: " + message + "\n")
    raise SystemExit(2)


def version_of(python):
    """(major, minor) of an interpreter, or None if it does not start."""
    try:
        asked = [python, "-c", "import sys; print(*sys.version_info[:2])"]
        said = subprocess.run(asked, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return tuple(int(word) for word in said.split())


def interpreter():
    """A Python that is new enough: this one, or another on PATH."""
    if sys.version_info[:2] >= OLDEST:
        return sys.executable
    for name in CANDIDATES:
        found = shutil.which(name)
        version = version_of(found) if found else None
        if version and version >= OLDEST:
            return found
    fail("Troth needs Python 3.11 or newer; this is %d.%d and no newer one is on PATH." % sys.version_info[:2])


def in_environment(environment, name):
    """Path of a program inside a virtual environment."""
    folder = "Scripts" if os.name == "nt" else "bin"
    return str(environment / folder / (name + (".exe" if os.name == "nt" else "")))


def ready(kind):
    """Make or renew the environment `kind`; its Python's path."""
    environment = HERE / ".venv" / kind
    lock = HERE / "requirements" / (kind + ".txt")
    python = in_environment(environment, "python")
    stamp = environment / "lock.sha256"
    compiled = sorted(path for path in (HERE / "native").iterdir() if path.suffix in (".c", ".h", ".py"))
    wanted = hashlib.sha256(lock.read_bytes() + str(HERE).encode() + b"".join(path.read_bytes() for path in compiled)).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted and os.path.exists(python):
        return python
    base = interpreter()
    if subprocess.run([base, "-m", "pip", "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
        fail("pip is missing for %s; install it (Debian: apt-get install python3-pip)." % base)
    sys.stderr.write("go.py: setting up %s (once; about a minute)\n" % environment.relative_to(HERE))
    if environment.exists():
        shutil.rmtree(environment)
    run([base, "-m", "venv", "--without-pip", str(environment)])
    pip = [base, "-m", "pip", "--python", python, "--disable-pip-version-check", "--quiet", "install"]
    run([*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(lock)])
    run([*pip, "--no-deps", "--no-build-isolation", "--no-index", "--editable", str(HERE)])
    lean_launcher(environment, python)
    stamp.write_text(wanted)
    return python


def lean_launcher(environment, python):
    """The launcher that newer pips write: older ones import `re` first, which costs a third of the start."""
    launcher = Path(in_environment(environment, "troth"))
    if os.name != "nt" and launcher.is_file() and " " not in python:
        text = "#!%s\nimport sys\nfrom troth.__main__ import main\nif __name__ == '__main__':\n    sys.exit(main())\n"
        launcher.write_text(text % python)


def run(command):
    """Run one step of the set-up; stop with its output on failure."""
    environment = {key: value for key, value in os.environ.items() if key not in ("PIP_REQUIRE_VIRTUALENV", "PYTHONPATH", "PYTHONHOME")}
    if subprocess.run(command, env=environment).returncode:
        fail("this step failed: " + " ".join(command))


def main():
    """Set up what the command needs and hand over to it."""
    arguments = sys.argv[1:] or ["--help"]
    if arguments[0] == "test":
        python = ready("test")
        command = [python, str(HERE / "tools" / "run_tests.py"), *arguments[1:]]
    else:
        python = ready("run")
        command = [python, "-m", "troth", *arguments]
    # what is derived from Troth's own rules is kept beside the environments, not in the user's home
    environment = {"TROTH_CACHE": str(HERE / ".venv" / "cache"), **os.environ}
    raise SystemExit(subprocess.run(command, env=environment).returncode)


if __name__ == "__main__":
    main()
