"""Writes the allow-lists of the pickle machine from installed library releases.

Usage: python -m tools.allowlists.generate [LIBRARY ...]

Every class of a library's audited modules is entered with where its `__new__`, `__setstate__` and `__reduce__` come from; classes whose definers are not
in the audited set, that define `__del__`, or that reduce in their own way are left out, and the script says how many. Every hook of an entry that a load can reach is
traced to its source (`audit`): an entry with a hook that nothing and nobody has found harmless is left out by name; the record goes to `audits/`. What was audited by hand is looked up in the
installed release: a name that it does not have is not entered. Nothing is entered for its name alone, and nothing from memory. One list per release; lists of other
releases stay (run the script in an environment that has them).
"""

from __future__ import annotations

import contextlib
import enum
import importlib
import importlib.metadata
import inspect
import io
import json
import pkgutil
import sys
import types
import warnings
from pathlib import Path

from tools.allowlists import audit, by_hand, by_hand_libs

FAMILIES = ["albert", "bart", "bert", "clip", "convnext", "deberta_v2", "distilbert", "electra", "gpt2", "llama", "mistral", "mpnet", "qwen2", "resnet", "roberta", "swin", "t5", "vit", "wav2vec2", "whisper", "xlm_roberta"]
"""Families of transformers whose whole models people pickle."""
OUT = Path(__file__).resolve().parents[2] / "src" / "troth" / "formats" / "pickle" / "lists"
AUDITS = Path(__file__).resolve().parent / "audits"
"""The record beside each list: which code of the library a load can reach, with digests and grounds."""

PACKAGES = {
    "torch": (
        "torch.nn.modules", "torch.optim", "torch.distributions", "torch.amp.grad_scaler", "torch.utils.data.dataset", "torch.utils.data.sampler", "torch.nn.utils.parametrizations",
        "torch.nn.utils.parametrize", "torch.nn.parallel", "torch.ao.nn", "torch.ao.quantization.observer", "torch.ao.quantization.fake_quantize", "torch.ao.quantization.stubs", "torch.ao.quantization.qconfig",
    ),
    "torchvision": ("torchvision.models", "torchvision.ops", "torchvision.transforms"),
    "timm": ("timm.layers", "timm.models"),
    "ultralytics": ("ultralytics.nn", "ultralytics.utils.loss", "ultralytics.utils.tal"),
    "sklearn": ("sklearn",),
    "imblearn": ("imblearn",),
    "scipy": ("scipy.sparse", "scipy.interpolate", "scipy.stats"),
    "transformers": (
        "transformers.training_args", "transformers.training_args_seq2seq", "transformers.trainer_utils", "transformers.debug_utils", "transformers.trainer_pt_utils", "transformers.utils.generic",
        "transformers.generation.configuration_utils", "transformers.configuration_utils", "transformers.activations", "transformers.pytorch_utils", *(f"transformers.models.{name}" for name in FAMILIES),
    ),
    "pyarrow": (),
    "accelerate": ("accelerate.optimizer", "accelerate.scheduler"),
    "lightning": ("lightning.fabric.utilities.data", "lightning.fabric.utilities.enums", "lightning.fabric.utilities.types"),
    "lightning_fabric": (),
    "pytorch_lightning": (),
    "gensim": ("gensim.models", "gensim.corpora"),
    "numpy": ("numpy.polynomial",),
    "xgboost": ("xgboost.sklearn", "xgboost.callback"),
    "lightgbm": ("lightgbm.sklearn",),
    "builtins": (), "math": (), "operator": (), "_operator": (), "jax": (), "ml_dtypes": (), "pandas": (), "catboost": (), "pytz": (), "zoneinfo": (), "dateutil": (), "array": (), "random": (), "re": (), "ipaddress": (), "collections": (), "statistics": (), "omegaconf": (), "typing": (), "tokenizers": (),
}
SKIP = ("tests", "conftest", "mstats_basic", "tensorflow", "keras", "over_sampling_keras", "wrappers", "ldamulticore", "reduction", "_dynamo", "fx", "backend_config", "externals", "testing", "experimental", "datasets", "_build_utils", "callback", "frontend", "_array_api")
AUDITED_SETSTATE = {
    "scipy.sparse._coo.coo_matrix": "renames two attributes",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor": "converts an array",
    "sklearn.base.BaseEstimator": "compares versions, then updates attributes",
    "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.BaseHistGradientBoosting": "super, then numbers",
    "numpy.polynomial._polybase.ABCPolyBase": "replaces the attributes by the dict that was given",
    "ultralytics.nn.modules.block.AAttn": "super, then a default",
    "torch.nn.modules.module.Module": "updates attributes, sets missing defaults",
    "torch.optim.optimizer.Optimizer": "updates attributes, sets missing defaults",
    "torch.distributions.distribution.Distribution": "updates attributes",
    "torch.distributions.constraints.Constraint": "updates attributes",
}
FUNCTIONS = {
    "torch": (("torch.nn.functional", None), ("torch.nn.init", None), ("torch", "relu tanh sigmoid softmax log_softmax exp log sin cos abs sqrt selu gelu")),
    "sklearn": (("sklearn.feature_selection._univariate_selection", None), ("sklearn.feature_selection._mutual_info", None), ("sklearn.metrics._classification", None), ("sklearn.metrics._regression", None), ("sklearn.metrics.pairwise", None), ("sklearn.metrics._ranking", None)),
    "numpy": (("numpy", "mean median sum std var min max prod percentile clip nan_to_num"),),
    "torchvision": (("torchvision.ops.boxes", None), ("torchvision.ops.giou_loss", None), ("torchvision.ops.focal_loss", None)),
    "scipy": (),
}


def walk(name: str):  # noqa: ANN201
    """Every importable module of a package, tests left out."""
    try:
        package = importlib.import_module(name)
    except Exception as error:  # noqa: BLE001
        print(f"  left out {name}: {error}", file=sys.stderr)
        return
    yield package
    for found in pkgutil.walk_packages(getattr(package, "__path__", []), f"{name}.", onerror=lambda _: None):
        if any(part in SKIP for part in found.name.split(".")):
            continue
        try:
            yield importlib.import_module(found.name)
        except BaseException as error:  # noqa: BLE001
            print(f"  left out {found.name}: {error}", file=sys.stderr)


def definer(cls: type, attribute: str) -> str:
    for base in cls.__mro__:
        if attribute in base.__dict__:
            return f"{base.__module__}.{base.__qualname__}"
    return "none"


def rule_of(cls: type, left: dict[str, list[str]]) -> tuple[str, tuple[str, str, str]] | None:
    new, state, reduce = definer(cls, "__new__"), definer(cls, "__setstate__"), definer(cls, "__reduce__")
    audit = (new, state, reduce)
    if issubclass(cls, enum.Enum):
        if definer(cls, "_missing_") not in ("enum.Enum", "enum.Flag", "transformers.utils.generic.ExplicitEnum"):
            left.setdefault(f"_missing_ of {definer(cls, '_missing_')}", []).append(cls.__qualname__)
            return None
        return "enum", audit
    own_reduce = definer(cls, "__reduce_ex__") != "builtins.object" or reduce != "builtins.object"
    torch_state = state.startswith(("torch.nn.modules.", "torch.optim."))
    if any(base.__module__ == "scipy.stats._distn_infrastructure" and base.__name__ == "rv_generic" for base in cls.__mro__):
        return ("distribution", audit) if cls.__name__.endswith("_gen") and state.startswith("scipy.stats._distn_infrastructure") else None
    if hasattr(cls, "__del__") or (state != "none" and state not in AUDITED_SETSTATE and not torch_state):
        left.setdefault(f"__setstate__ of {state}, __del__ {hasattr(cls, '__del__')}", []).append(cls.__qualname__)
        return None
    if issubclass(cls, tuple) and hasattr(cls, "_fields"):
        generated = str(getattr(cls.__new__, "__module__", "")).startswith("namedtuple_")
        return ("namedtuple", audit) if generated else None
    if own_reduce or new not in ("builtins.object", "typing.Generic", "builtins.dict", "builtins.list"):
        left.setdefault(f"__new__ of {new}, __reduce__ of {reduce}", []).append(cls.__qualname__)
        return None
    if issubclass(cls, (BaseException, types.ModuleType)) or type(cls).__name__ not in ("type", "ABCMeta", "_ProtocolMeta"):
        return None
    if any(base.__name__ == "Module" and base.__module__ == "torch.nn.modules.module" for base in cls.__mro__):
        return "module", audit
    if issubclass(cls, dict):
        return "dict-instance", audit
    return ("list-instance" if issubclass(cls, list) else "instance"), audit


def ufuncs(library: str) -> dict[str, list[str]]:
    import numpy

    if library == "numpy":
        names = sorted(name for name in dir(numpy) if isinstance(getattr(numpy, name), numpy.ufunc) and name != "frompyfunc")
        return dict.fromkeys(("numpy", "numpy.core._multiarray_umath", "numpy._core._multiarray_umath"), names)
    if library == "scipy":
        import scipy.special

        return {"scipy.special": sorted(n for n in dir(scipy.special) if isinstance(getattr(scipy.special, n), numpy.ufunc)),
                "scipy.special._ufuncs": sorted(n for n in dir(scipy.special) if isinstance(getattr(scipy.special, n), numpy.ufunc))}
    return {}


DISTRIBUTIONS = {"sklearn": "scikit-learn", "dateutil": "python-dateutil", "imblearn": "imbalanced-learn", "lightning_fabric": "lightning", "pytorch_lightning": "pytorch-lightning"}


def version_of(library: str) -> str:
    """Version of the installed release; of Python for its own modules; empty where the library is not installed."""
    if library in sys.stdlib_module_names:
        return f"python{sys.version_info[0]}.{sys.version_info[1]}"
    try:
        return importlib.metadata.version(DISTRIBUTIONS.get(library, library))
    except importlib.metadata.PackageNotFoundError:
        return ""


def found_in(module_name: str, name: str) -> tuple[str, str, str] | None:
    """Definers of `__new__`, `__setstate__` and `__reduce__` of an installed object; None where this release does not have it."""
    try:
        if module_name.startswith("attr:"):
            module, _, cls = module_name[5:].rpartition(".")
            value = getattr(getattr(importlib.import_module(module), cls), name)
        else:
            value = getattr(importlib.import_module(module_name), name)
    except (ImportError, AttributeError):
        return None
    if isinstance(value, type):
        return definer(value, "__new__"), definer(value, "__setstate__"), definer(value, "__reduce__")
    return ("function", "", "") if callable(value) else ("value", "", "")


Groups = dict[tuple[str, tuple[str, str, str], str], dict[str, set[str]]]


def add(groups: Groups, rule: str, why: str, module_name: str, names: str, absent: str = "") -> list[str]:
    """Enter the names that the installed release has; gives the others."""
    missing = []
    for name in dict.fromkeys(names.split()):
        audit = found_in(module_name, name)
        if audit is None:
            missing.append(f"{module_name}.{name}")
            audit = (absent, "", "")
        if audit[0]:
            groups.setdefault((rule, audit, why), {}).setdefault(module_name, set()).add(name)
    return missing


def generate(library: str) -> None:
    """Write the list of one installed library."""
    version = version_of(library)
    if not version:
        print(f"{library}: not installed, no list is written")
        return
    groups: Groups = {}
    left: dict[str, list[str]] = {}
    for package in PACKAGES.get(library, ()):
        for module in walk(package):
            for name, value in vars(module).items():
                if isinstance(value, type) and value.__module__ == module.__name__ and value.__qualname__ == name:
                    found = rule_of(value, left)
                    if found is not None:
                        groups.setdefault((found[0], found[1], "by class"), {}).setdefault(module.__name__, set()).add(name)
    for module_name, names in FUNCTIONS.get(library, ()):
        module = importlib.import_module(module_name)
        wanted = names.split() if names else [n for n, v in vars(module).items() if inspect.isfunction(v) and v.__module__ == module_name and not n.startswith("__")]
        wanted = [n for n in wanted if n == n.strip("_") or n in ("_",)]
        groups.setdefault(("function", ("function", "", ""), "named, or wrapped by partial; computes on what it is given"), {}).setdefault(module_name, set()).update(wanted)
    for module_name, names in ufuncs(library).items():
        groups.setdefault(("function", ("numpy.ufunc", "", ""), "ufunc"), {}).setdefault(module_name, set()).update(names)
    missing = []
    for rule, why, modules in by_hand_libs.LIBS.get(library, ()):
        for module_name, names in modules.items():
            missing += add(groups, rule, why, module_name, names)
    without_twice(groups, {name for rule, _, modules in by_hand_libs.LIBS.get(library, ()) for module, names in modules.items() for name in ((module, n) for n in names.split())})
    for old in OUT.glob(f"{library}-audited.json"):
        old.unlink()
    record, without = audited(groups)
    write(f"{library}-{version}.json", library, version, "libs", groups, record)
    for says in without:
        print("no ground, left out:", says)
    print(f"{library} {version}: {sum(len(n) for g in groups.values() for n in g.values())} names; not in this release: {len(missing)}; left out:", {k: len(v) for k, v in left.items()})


def without_twice(groups: Groups, by_hand_names: set[tuple[str, str]]) -> None:
    """A name that was audited by hand is not also entered by its class."""
    for (_rule, _audit, why), modules in groups.items():
        if why == "by class":
            for module, names in modules.items():
                names -= {name for name in names if (module, name) in by_hand_names}


def audited(groups: Groups) -> tuple[dict[str, list[str]], list[str]]:
    """The record of all hooks that loading can reach (`definer.hook` -> digest, ground); entries with a hook without ground are taken out of the groups, and named."""
    record: dict[str, list[str]] = {}
    without: list[str] = []
    for (rule, _audit, _why), modules in groups.items():
        for module, names in modules.items() if rule not in audit.NAMED_ONLY else ():
            for name in sorted(names):
                found = audit.of_name(module, name, rule)
                missing = [hook for hook, ground in found.items() if not ground.ground]
                if missing:
                    names.discard(name)
                    without.append(f"{module}.{name}: {', '.join(missing)}")
                else:
                    record |= {hook: [ground.digest, ground.ground] for hook, ground in found.items()}
    return dict(sorted(record.items())), without


def write(file: str, library: str, version: str, tier: str, groups, record: dict[str, list[str]]) -> None:  # noqa: ANN001
    data = {
        "library": library, "version": version, "tier": tier, "made_by": "tools/allowlists/generate.py",
        "groups": [
            {"rule": rule, "audit": why, "new": audit[0], "setstate": audit[1], "reduce": audit[2], "names": {m: sorted(n) for m, n in sorted(names.items()) if n}}
            for (rule, audit, why), names in sorted(groups.items(), key=lambda item: repr(item[0])) if any(names.values())
        ],
    }
    (OUT / file).write_text(json.dumps(data, indent=None, separators=(",", ":")).replace('{"rule"', '\n{"rule"') + "\n", encoding="utf-8")
    (AUDITS / file).write_text(json.dumps({"library": library, "version": version, "hooks": record}, indent=0, separators=(",", ":")) + "\n", encoding="utf-8")


def weights() -> None:
    """Write the list of plain checkpoints; names that only other releases have are marked."""
    groups: Groups = {}
    for rule, why, modules in by_hand.WEIGHTS:
        for module, names in modules.items():
            add(groups, rule, why, module, names, absent="in other releases")
    looked = ", ".join(f"{name} {version_of(name)}" for name in ("numpy", "torch", "joblib", "random"))
    record, without = audited(groups)
    write("weights.json", "weights", looked, "weights", groups, record)
    for says in without:
        print("no ground, left out:", says)


def main(arguments: list[str]) -> None:
    warnings.simplefilter("ignore")
    if not arguments or "weights" in arguments:
        weights()
    for library in [name for name in arguments if name != "weights"] or ([] if arguments else PACKAGES):
        with contextlib.redirect_stdout(io.StringIO()) as said:
            generate(library)
        print(said.getvalue().strip()[:1500])


if __name__ == "__main__":
    main(sys.argv[1:])
