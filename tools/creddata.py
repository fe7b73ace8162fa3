"""Rebuilds the labelled files of CredData (Samsung, Apache-2.0) from clones of their repositories; nothing of it is ever committed.

    python tools/creddata.py --metadata DIR --repositories DIR --output DIR

--metadata holds `snapshot.json` and `meta/*.csv` of the data set, --repositories bare or ordinary clones named `owner+name` or `owner_name`. The output folder gets `files/` and `index.json`, which `tools/train_context.py` reads.
Repositories and files that are not at hand are left out and counted.
"""

from __future__ import annotations

import argparse
import binascii
import csv
import hashlib
import json
import subprocess
from collections import Counter
from pathlib import Path


def clone_of(folder: Path, address: str) -> Path | None:
    """The clone of a repository, bare or not."""
    owner, name = address.removeprefix("https://github.com/").split("/", 1)
    for joined in (f"{owner}+{name}", f"{owner}_{name}"):
        for place in (folder / joined / "repo" / ".git", folder / joined / "repo", folder / joined / ".git", folder / joined):
            if (place / "objects").is_dir():
                return place
    return None


def git(clone: Path, *arguments: str) -> bytes | None:
    """Output of a plumbing command, or None where it fails."""
    done = subprocess.run(["git", "--git-dir", str(clone), *arguments], capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else None


def take(clone: Path, commit: str, number: str, rows: list[dict[str, str]], output: Path) -> list[dict[str, str]]:
    """Write the labelled files of one repository; the rows whose file is there."""
    listing = git(clone, "ls-tree", "-r", "-z", commit)
    if listing is None:
        return []
    wanted, blobs = {row["FileID"] for row in rows}, {}
    for record in listing.split(b"\0")[:-1]:
        head, _, path = record.partition(b"\t")
        name = hashlib.sha256(path).hexdigest()[:8]
        if name in wanted and head[:6] in (b"100644", b"100755"):
            blobs[name] = head.split()[2].decode()
    for name, blob in blobs.items():
        content = git(clone, "cat-file", "blob", blob)
        if content is not None:
            (output / f"{number}_{name}").write_bytes(content)
    return [{**row, "repo": number} for row in rows if (output / f"{number}_{row['FileID']}").is_file()]


def main() -> None:
    """Write the files and their index."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--metadata", "--repositories", "--output"):
        parser.add_argument(name, type=Path, required=True)
    told = parser.parse_args()
    files = told.output / "files"
    files.mkdir(parents=True, exist_ok=True)
    index, absent = [], 0
    for identity, address in json.loads((told.metadata / "snapshot.json").read_text()).items():
        clone = clone_of(told.repositories, address)
        if clone is None:
            absent += 1
            continue
        number = f"{binascii.crc32(binascii.unhexlify(identity)):08x}"
        with (told.metadata / "meta" / f"{number}.csv").open() as lines:
            index += take(clone, identity[:40], number, list(csv.DictReader(lines)), files)
    (told.output / "index.json").write_text(json.dumps(index))
    print(f"{len({row['repo'] for row in index})} repositories ({absent} not at hand), {len(list(files.iterdir()))} files, rows {dict(Counter(row['GroundTruth'] for row in index))}")


if __name__ == "__main__":
    main()
