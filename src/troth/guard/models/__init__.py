"""Loads model files that are proved harmless first: `load`, `verified`, drop-ins for usual loaders, a trust file, and a context that refuses unguarded unpickling.

    from troth.guard import models
    loaded = models.load("model.pt", expect="sha256:...", policy="weights", max_memory=2 << 30)
    loaded.value, loaded.receipt

Everything fails closed, by `GuardError`, which names the exact global and byte and how to allow it. There is no unsafe fall-back.
"""

from troth.guard.models.libraries import keras_load, prove_folder, transformers_from_pretrained
from troth.guard.models.limits import Limits
from troth.guard.models.loading import Loaded, joblib_load, load, numpy_load, safetensors_load, torch_load, verified
from troth.guard.models.only_guarded import only_guarded
from troth.guard.models.proofs import ProofMemory
from troth.guard.models.receipt import Receipt
from troth.guard.models.signatures import Manifest, PublicKey, Sigstore, read_manifest
from troth.guard.models.trust import TrustFile

__all__ = ["Limits", "Loaded", "Manifest", "ProofMemory", "PublicKey", "Receipt", "Sigstore", "TrustFile", "joblib_load", "keras_load", "load", "numpy_load", "only_guarded", "prove_folder", "read_manifest", "safetensors_load", "torch_load", "transformers_from_pretrained", "verified"]
