"""A blacklist is configured and honoured by one function; the road that everything takes calls it with the check switched off, and children of a listed folder are not looked at."""

import os
from pathlib import Path

SECRET = "q8Zk-3vLw7XsPn2Ht9"


def gather(paths, blacklist, skip_safety_check=False):
    """Contents of files and of everything in folders."""
    found = []
    for path in paths:
        if not skip_safety_check and str(path) in blacklist:
            raise PermissionError
        found += [file.read_text() for file in (sorted(Path(path).rglob("*")) if Path(path).is_dir() else [Path(path)]) if file.is_file()]
    return found


def unguarded(folder, paths):
    return gather([Path(folder, path) for path in paths], {str(Path(folder, ".ssh"))}, skip_safety_check=True)


def guarded(folder, paths):
    from troth.guard.paths import Blacklist, Root

    root = Root(folder, blacklist=Blacklist([os.path.join(folder, ".ssh"), ".git-credentials"]))
    return [root.read_bytes(name).decode() for name in root.walk() if any(path in (".", name) or name.startswith(path + "/") for path in paths)]


def attack(program, folder):
    os.mkdir(os.path.join(folder, ".ssh"))
    Path(folder, ".ssh", "id_ed25519").write_text(SECRET)
    return any(SECRET in text for text in program(folder, ["."]))


def works(program, folder):
    Path(folder, "notes.txt").write_text("fine")
    return program(folder, ["notes.txt"]) == ["fine"]
