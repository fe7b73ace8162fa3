"""Loaders of pickles and of formats that hold them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from troth.engines.code.module import Module, Site
from troth.engines.code.rule import Context, Hit, Rule, Severity, matching

__all__ = ["RULE"]

_CONFIRM = matching((
    rb"\.loads?\b", rb"load(?<!\w.load)s?\s*\(", rb"import[^\n]*\bloads?\b", rb"import\s*\([^)]*\bloads?\b", rb"load(?<=[\"']load)s?[\"']", rb"read_pickle", rb"shelve",
    rb"\.decode\b", rb"load_model", rb"Unpickler", rb"dill\.load_|load_session|load_module", rb"load_learner", rb"read_gpickle", rb"pickle_loads", rb"recv_pyobj",
))  # fmt: skip

_NAMES = (
    "pickle.load", "pickle.loads", "_pickle.loads", "cPickle.load", "cPickle.loads", "dill.load", "dill.loads", "cloudpickle.load", "cloudpickle.loads",
    "joblib.load", "sklearn.externals.joblib.load", "pandas.read_pickle", "shelve.open", "marshal.load", "marshal.loads", "jsonpickle.decode",
    "pickle.Unpickler().load", "dill.Unpickler().load", "mlflow.pyfunc.load_model", "mlflow.sklearn.load_model", "mlflow.pytorch.load_model", "pickle5.load",
    "pickle5.loads", "hickle.load", "compress_pickle.load", "compress_pickle.loads", "_pickle.load", "dill.load_session", "dill.load_module", "dill.load_module_asdict",
    "pickle._loads", "pickle._load", "_pickle.Unpickler().load", "pickle._Unpickler().load", "cloudpickle.Unpickler().load", "marshal.loads", "ray.cloudpickle.loads", "ray.cloudpickle.load",
    "networkx.read_gpickle", "srsly.pickle_loads", "multiprocessing.reduction.ForkingPickler.loads", "pyspark.cloudpickle.loads", "shelve.Shelf", "shelve.DbfilenameShelf",
    "pandas.io.pickle.read_pickle", "fastai.learner.load_learner", "fastai.vision.all.load_learner", "fastai.text.all.load_learner", "fastai.tabular.all.load_learner",
    "statsmodels.iolib.smpickle.load_pickle", "zodbpickle.loads", "cPickle.Unpickler().load", "joblib.numpy_pickle.load",
)  # fmt: skip
_WRITERS = frozenset(("pickle.dumps", "_pickle.dumps", "jsonpickle.encode", "dill.dumps", "cloudpickle.dumps", "marshal.dumps"))


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.calls(*_NAMES):
        first = site.argument(0)
        if first is not None and _just_written(module, site, first):
            continue
        name = sorted(name for name in site.names if name in _NAMES)[0]
        yield Hit(site.line, f"{name} runs whatever code the data names.")
    for site in module.ending(".recv_pyobj"):
        yield Hit(site.line, "recv_pyobj unpickles what the peer sent.")
    for site in module.calls("skops.io.load", "skops.io.loads"):
        for line in module.flagged(site, site.argument(-1, "trusted"), lambda value: value is True):
            yield Hit(line, "trusted=True lets the file name any type.")


def _just_written(module: Module, site: Site, node: ast.expr) -> bool:
    """What is read back was written by this very file: the writer's result, or a name for nothing else."""
    found = site.scope.find(node.id) if isinstance(node, ast.Name) else None
    values = found[0] if found is not None else [node]
    return bool(values) and all(isinstance(item, ast.Call) and bool(module.names(item.func, site.scope) & _WRITERS) for item in values)


RULE = Rule(
    id="pickle-load",
    title="Unpickling runs code from the data",
    why="pickle, dill, cloudpickle, joblib, shelve, marshal and what is built on them call what the data names while they load.",
    mend="Load a format that holds data alone (safetensors, JSON, Parquet), or an Unpickler with a find_class that allows a fixed list.",
    severity=Severity.HIGH,
    cwe=("CWE-502",),
    owasp=("LLM03:2025",),
    atlas=("AML.T0010.003", "AML.T0011.000"),
    needs=(
        (b"pickle", b"dill", b"joblib", b"shelve", b"marshal", b"skops", b"mlflow", b"hickle", b"read_pickle", b"fastai", b"read_gpickle", b"recv_pyobj"),
        (
            b"load(", b"loads(", b".load", b"loads", b"load as", b"import load", b"read_pickle", b"shelve.open", b".decode(", b"Unpickler", b"load_model",
            b"\"load\"", b"'load'", b"load_session", b"load_module", b"load_learner", b"read_gpickle", b"Shelf(", b"recv_pyobj",
        ),
    ),
    modules=frozenset(("pickle", "_pickle", "cPickle", "dill", "cloudpickle", "joblib", "sklearn", "pandas", "shelve", "marshal", "jsonpickle", "skops", "mlflow", "pickle5", "hickle", "compress_pickle", "fastai", "networkx", "ray", "srsly", "multiprocessing", "pyspark", "statsmodels", "zodbpickle", "zmq", "aiozmq")),
    confirm=_CONFIRM,
    check=_check,
    bad=("import pickle\npickle.load(open('a', 'rb'))\n", "import joblib as j\nj.load('m')\n"),
    good=("import pickle\npickle.loads(pickle.dumps(1))\n", "import pandas\npandas.read_csv('a')\n"),
)
