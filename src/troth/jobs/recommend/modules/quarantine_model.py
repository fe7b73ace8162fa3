"""Takes a model file that is not what the policy says out of the way: moves it to `quarantine/`, under a name that no loader picks up. Its bytes do not change.

For findings that say of a model file that it can run code, is of no trusted source, or lies in git where it should not. The move is a rename, so that a patch needs no bytes.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from typing import Final

from troth.jobs.recommend.diffs import Version, file_diff
from troth.jobs.recommend.facts import Complaint, Facts
from troth.jobs.recommend.recommendation import Advice, FileChange, Recommendation, Risk, proofs

__all__ = ["MODULE", "QuarantineModel"]

_MODEL: Final = re.compile(r"\.(?:pt|pth|ckpt|bin|pkl|pickle|joblib|h5|hdf5|keras|npy|npz|pb|onnx|model|dill)$", re.IGNORECASE)
_BAD: Final = re.compile(r"can run code|is in git itself|runs code|not trusted|cannot be proven|unsafe|does not match|another digest", re.IGNORECASE)
FOLDER: Final = "quarantine"


class QuarantineModel:
    """See the module."""

    name = "quarantine-model"
    controls = ("model/lfs-stored", "model/checksum-verified", "model/trusted-source", "model/weights-only")
    wants = ()

    def recommend(self, facts: Facts) -> Iterable[Advice]:
        """One recommendation for all files that findings name."""
        named: dict[str, Complaint] = {}
        for one in facts.complaints:
            for seen in one.evidence:
                if _MODEL.search(seen.path) and _BAD.search(seen.says) and seen.path in facts.paths and not seen.path.startswith(f"{FOLDER}/"):
                    named.setdefault(seen.path, one)
        moves = [(path, f"{FOLDER}/{path}.quarantined") for path in sorted(named)]
        moves = [(old, new) for old, new in moves if new not in facts.paths and facts.paths[old] in ("100644", "100755")]
        if not moves:
            return
        mends = tuple({one.fingerprint: one for old, one in named.items()}.values())
        yield Recommendation(
            self.name, f"Quarantine {posixpath.basename(moves[0][0])}" + (f" and {len(moves) - 1} more" if len(moves) > 1 else ""),
            "The file is a model that the policy does not allow as it is. Moved and renamed, nothing loads it by accident, and nothing is lost.",
            tuple(one.fingerprint for one in mends), Risk.HIGH, proofs(facts, mends, ()),
            "".join(file_diff(Version(old, "", facts.paths[old]), Version(new, "", facts.paths[old])) for old, new in moves),
            tuple(FileChange(new, "", "", source=old) for old, new in moves),
            cautions=("Code that loads the file by its path stops working.",),
        )  # fmt: skip


MODULE = QuarantineModel()
