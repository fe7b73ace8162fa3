"""Both corpora against the scanner: every hostile file refused, no ordinary one, and the ordinary twins of hostile files inert."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks.models import hostile_containers, hostile_data, hostile_more, hostile_pickles
from tests.attacks.models.corpus import missing, register
from troth.engines.models.scan import scan_file
from troth.formats.verdict import INERT, NOT_A_MODEL, REFUSED

MALICIOUS, BENIGN = register()
NO_MODELS = {
    "hf/vocab.json", "hf/trainer_state.json", "hf/merges.txt", "hf/vocab.txt", "hf/README.md", "nemo/model_config.yaml", "saved/variables/variables.data-00000-of-00001", "blind/sentence/config_sentence_transformers.json", "blind/saved_text/notes.pbtxt", "blind/onnx_labels/classes.txt",
    "blind/latent/config.yaml", "blind/yolo/data.yaml", "blind/environment/conda.yaml", "blind/card/README.md", "blind/dvc/params.yaml", "blind/orbax",
    "third/config_nnunet/plans.json", "third/config_server/model-settings.json", "third/config_spark/metadata.json", "third/yaml_latent/v1-inference.yaml", "third/yaml_nemo/model_config.yaml", "third/yaml_lightning/config.yaml", "third/yaml_card/config.yaml", "third/yaml_env/conda.yaml",
    "fourth/config_bundle/metadata.json", "fourth/config_gptq/quantize_config.json", "fourth/config_prompt/prompt.json", "fourth/settings/config.yaml", "fourth/orbax",
}
"""Ordinary files that come with models and hold none."""


def test_the_corpora_have_the_promised_size() -> None:
    assert len(MALICIOUS) >= 1000
    assert len(BENIGN) >= 300


@pytest.mark.parametrize("name", MALICIOUS)
def test_a_hostile_file_is_refused_with_a_reason(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    MALICIOUS[name][1](path)

    found = scan_file(str(path)).judgement

    assert found.verdict == REFUSED, found
    assert found.reasons
    assert all(reason.code and reason.says for reason in found.reasons)


@pytest.mark.parametrize("name", BENIGN)
def test_an_ordinary_file_is_not_refused(name: str, tmp_path: Path) -> None:
    needs, writer = BENIGN[name]
    if missing(needs):
        pytest.skip(f"needs {', '.join(missing(needs))}")
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        writer(path)
    except ImportError as error:
        pytest.skip(f"needs {error.name}")

    found = {str(one.relative_to(tmp_path)): scan_file(str(one), str(tmp_path)).judgement for one in (sorted(path.rglob("*")) if path.is_dir() else [path]) if one.is_file()}

    assert not [judged for judged in found.values() if judged.verdict not in (INERT, NOT_A_MODEL)]
    assert name in NO_MODELS or any(judged.verdict == INERT for judged in found.values()), found
    assert path.is_dir() or found[name].verdict == (NOT_A_MODEL if name in NO_MODELS else INERT)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.pt", hostile_containers.FINE), ("a.safetensors", hostile_data.FINE_ST), ("a.gguf", hostile_data.FINE_GGUF), ("a.onnx", hostile_data.FINE_ONNX), ("saved_model.pb", hostile_data.FINE_TF),
        ("a.npy", hostile_containers.npy(hostile_containers._header(), b"\0" * 16)), ("a.keras", hostile_containers.keras(hostile_containers.KERAS)),
        ("a.pth", b"".join([*hostile_containers.LEGACY, b"\x80\x02N.", b"\x80\x02]."])), ("a.pkl", hostile_pickles._numpy_state(b"K\1\x85", b"C\x08" + b"\0" * 8)),
        ("a.tar", hostile_containers.tarred([("m/a.npy", hostile_containers.npy(hostile_containers._header(), b"\0" * 16), hostile_containers.REG, "")])),
        ("b.pkl", hostile_more._aligned(b"K\x08", b"K\1")),
        ("b.gguf", hostile_data.gguf([hostile_data.template("{{ messages[0]['role'] }}")])),
    ],
)  # fmt: skip
def test_the_harmless_twin_of_a_hand_made_file_is_inert(name: str, data: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)

    assert scan_file(str(tmp_path / name)).judgement.verdict == INERT
