"""The third hostile set against the loaders that it is for: where one is installed, the file makes its `canary`, shows what it must not, or ends the process; or its loader says itself where it was led."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from tests.attacks.models.corpus import register

MALICIOUS, _ = register()
UNTAR = "import tarfile, pickle, pathlib\ntarfile.open(FILE).extractall('out', filter='data')\n[pickle.loads(p.read_bytes()) for p in pathlib.Path('out').rglob('*') if p.is_file() and p.read_bytes()[:1] == b'\\x80']"
YAML = "import yaml\nyaml.unsafe_load(open(FILE))"
HYDRA = "import yaml, hydra.utils\nhydra.utils.instantiate({'f': yaml.safe_load(open(FILE))['model'] | ({'_args_': ['touch canary'], '_convert_': 'all'} if 'os' in open(FILE).read() else {})})"
INSIDE = "import json, jinja2\nraw = open(FILE).read()\ntext = json.loads(raw)['chat_template'] if FILE.endswith('.json') else raw\nenv = jinja2.Environment()\nenv.filters['from_json'] = json.loads\nout = env.from_string(text).render(messages=['a'], raise_exception=lambda: 1)\nassert 'class' in out or '{' in out, out\nopen('canary', 'w')"
BOOST = "import numpy, lightgbm\nlightgbm.Booster(model_file=FILE).predict(numpy.zeros((1, 1)))"
TREES = "import numpy, xgboost\nb = xgboost.Booster()\nb.load_model(FILE)\nb.predict(xgboost.DMatrix(numpy.zeros((1, 1))))"
CASES = {
    "folder_with_bytes.tar": ((), UNTAR), "file_with_slash.tar": ((), UNTAR), "old_form.tgz": ((), UNTAR), "old_form": ((), UNTAR), "contiguous.tar": ((), UNTAR), "second_member.pkl.gz": ((), "import gzip, pickle\npickle.load(gzip.open(FILE))"), "small_window": (("joblib",), "import joblib\njoblib.load(FILE)"), "odd_window.bin": ((), "import lzma, pickle\npickle.load(lzma.open(FILE))"),
    "yaml_secondary/hparams.yaml": (("yaml",), YAML), "yaml_numbered/hparams.yaml": (("yaml",), YAML), "yaml_dash/hparams.yml": (("yaml",), YAML), "yaml_no_suffix/args": (("yaml",), YAML), "yaml_through_torch/config.yaml": (("torch", "hydra"), HYDRA), "keyword_name/chat_template.jinja": (("jinja2",), INSIDE), "reversed_name/tokenizer_config.json": (("jinja2",), INSIDE), "json_name/chat_template.jinja": (("jinja2",), INSIDE),
    "items_name/chat_template.jinja": (("jinja2",), INSIDE), "dictsort_name/tokenizer_config.json": (("jinja2",), INSIDE), "category_beyond.txt": (("lightgbm",), BOOST), "linear_beyond.txt": (("lightgbm",), BOOST), "category_segment.json": (("xgboost",), TREES), "tree_of_group.json": (("xgboost",), TREES), "mark_in_value.xml": ((), "import xml.etree.ElementTree as tree\nassert tree.parse(FILE).find('.//layer').get('version') == 'canary_ops'\nopen('canary', 'w')"), "utf16_silent.xml": ((), "import xml.dom.minidom as dom\nassert dom.parse(FILE).doctype is not None\nopen('canary', 'w')"),
    "json_MLmodel_json/MLmodel": (("mlflow",), "import os, sys, mlflow.pyfunc\nopen('canary_code.py', 'w').write('open(\"canary\", \"w\")')\nsys.path.insert(0, '.')\nmlflow.pyfunc.load_model(os.path.dirname(FILE))"), "array_is_pickle.npz": ((), "import pickle, zipfile\npickle.loads(zipfile.ZipFile(FILE).read('b.npy'))"), "legacy_two_objects.pth": (("torch",), "import pickle, torch\nfile = open(FILE, 'rb')\ntorch.load(file, weights_only=False)\nopen('canary', 'w')"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_called_hostile_does_something(name: str, tmp_path: Path) -> None:
    needs, code = CASES[name]
    absent = [one for one in needs if importlib.util.find_spec(one) is None]
    if absent:
        pytest.skip(f"needs {', '.join(absent)}")
    path = tmp_path / "third" / name
    path.parent.mkdir(parents=True)
    MALICIOUS[f"third/{name}"][1](path)

    done = subprocess.run([sys.executable, "-W", "ignore", "-c", f"FILE = {str(path)!r}\n{code}"], cwd=tmp_path, capture_output=True, timeout=240, check=False)

    followed = any(words in done.stderr for words in (b"resolved from 'torch.nn.parallel.distributed.os.system'", b"reference to external entity"))
    assert (tmp_path / "canary").exists() or done.returncode < 0 or followed, done.stderr.decode()[-2000:]
