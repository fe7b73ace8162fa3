"""Ordinary files without pickles that were written before the code had run on them: tensors, graphs, folders of models, settings and templates."""

from __future__ import annotations

import io
import json
import os
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.attacks.models.blind_benign_more import _data
from tests.attacks.models.corpus import benign

warnings.filterwarnings("ignore")


@benign("blind/tensors.safetensors", "safetensors", "torch")
def _tensors(path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    names = "float64 float32 float16 bfloat16 int64 int32 int16 int8 uint8 bool float8_e4m3fn float8_e5m2 uint16 uint32 uint64 complex64".split()  # noqa: SIM905
    save_file({name: torch.zeros(2, 3, dtype=getattr(torch, name)) for name in names} | {"scalar": torch.tensor(1.0)}, path, metadata={"format": "pt", "note": '{"a": [1]}'})


for kind in ("Q4_0", "Q5_1", "Q8_0", "BF16"):

    @benign(f"blind/{kind}.gguf", "gguf")
    def _gguf(path: Path, kind: str = kind) -> None:
        import gguf
        import numpy as np

        writer = gguf.GGUFWriter(path, "qwen2")
        writer.add_name("x")
        writer.add_array("tokenizer.ggml.merges", ["a b", "b c"])
        writer.add_bool("tokenizer.ggml.add_bos_token", False)
        writer.add_chat_template("{% for m in messages %}{{ '<|' + m['role'] + '|>' + (m['content'] | trim) }}{% endfor %}")
        chosen = gguf.GGMLQuantizationType[kind]
        writer.add_tensor("blk.0.w", gguf.quants.quantize(np.ones((4, 256), dtype=np.float32), chosen), raw_dtype=chosen)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()


def _onnx_models() -> dict[str, Any]:
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    def value(name: str, shape: list[Any], kind: int = TensorProto.FLOAT) -> Any:
        return helper.make_tensor_value_info(name, kind, shape)

    body = helper.make_graph([helper.make_node("Identity", ["a"], ["b"])], "then", [], [value("b", [1])], [numpy_helper.from_array(np.ones(1, dtype="f4"), "a")])
    choice = helper.make_graph([helper.make_node("If", ["c"], ["o"], then_branch=body, else_branch=body)], "g", [value("c", [], TensorProto.BOOL)], [value("o", [1])])
    words = helper.make_graph([helper.make_node("LabelEncoder", ["x"], ["y"], domain="ai.onnx.ml", keys_strings=["a"], values_int64s=[1])], "g", [value("x", [1], TensorProto.STRING)], [value("y", [1], TensorProto.INT64)], [helper.make_tensor("names", TensorProto.STRING, [2], [b"a", b"b"])])
    mixed = helper.make_graph([helper.make_node("Cast", ["w"], ["y"], to=TensorProto.FLOAT)], "g", [], [value("y", [4])], [numpy_helper.from_array(np.ones(4, dtype=kind), f"w{index}" if index else "w") for index, kind in enumerate(["f2", "i8", "u1", "?", "f8", "i4"])] + [helper.make_tensor("typed", TensorProto.FLOAT, [2], [1.0, 2.0]), helper.make_tensor("b", TensorProto.BFLOAT16, [2], [1.0, 2.0])])
    return {"choice": choice, "words": words, "mixed": mixed}


for name in ("choice", "words", "mixed"):

    @benign(f"blind/onnx_{name}.onnx", "onnx")
    def _onnx(path: Path, name: str = name) -> None:
        from onnx import helper

        model = helper.make_model(_onnx_models()[name], opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)])
        model.metadata_props.add(key="author", value="x")
        path.write_bytes(model.SerializeToString())


def _keras_models() -> dict[str, Any]:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras
    from keras import layers

    inputs = keras.Input((8, 4), name="rows")
    hidden = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(inputs)
    hidden = layers.MultiHeadAttention(2, 4)(hidden, hidden)
    outputs = [layers.Dense(2, activation="softmax", name="a")(layers.GlobalMaxPooling1D()(hidden)), layers.TimeDistributed(layers.Dense(1))(hidden)]
    functional = keras.Model(inputs, outputs)
    functional.compile(optimizer=keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)), loss=["categorical_crossentropy", keras.losses.Huber()], metrics=[["accuracy"], [keras.metrics.MeanAbsoluteError()]])
    images = keras.Sequential([keras.Input((16, 16, 3)), layers.Rescaling(1 / 255), layers.RandomFlip("horizontal"), layers.SeparableConv2D(4, 3, depthwise_regularizer=keras.regularizers.L2(1e-4)), layers.LeakyReLU(negative_slope=0.1), layers.MaxPooling2D(), layers.Flatten(), layers.Dense(1, kernel_initializer=keras.initializers.HeNormal(seed=1), kernel_constraint="max_norm")])
    images.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True), metrics=[keras.metrics.AUC(name="auc")])
    normal = layers.Normalization(mean=[1.5], variance=[0.25])
    return {"functional": functional, "images": images, "normal": keras.Sequential([keras.Input((1,)), normal, layers.Dense(1)])}


for name in ("functional", "images", "normal"):
    for suffix in ("keras", "h5", "weights.h5"):

        @benign(f"blind/keras_{name}.{suffix}", "keras", "torch", "h5py")
        def _keras(path: Path, name: str = name, suffix: str = suffix) -> None:
            made = _keras_models()[name]
            if suffix == "weights.h5":
                made.save_weights(path)
            else:
                made.save(path)


@benign("blind/params.msgpack", "flax", "jax")
def _flax(path: Path) -> None:
    import jax.numpy as jnp
    from flax import serialization

    path.write_bytes(serialization.msgpack_serialize({"params": {"Dense_0": {"kernel": jnp.ones((2, 3)), "bias": jnp.zeros(3, dtype=jnp.bfloat16)}}, "step": 5}))


@benign("blind/orbax", "orbax", "jax")
def _orbax(path: Path) -> None:
    import jax.numpy as jnp
    import orbax.checkpoint as ocp

    ocp.PyTreeCheckpointer().save(path.absolute(), {"a": jnp.ones(3), "b": {"c": jnp.zeros(2)}})


@benign("blind/mlflow_sklearn", "mlflow", "sklearn")
def _mlflow(path: Path) -> None:
    import mlflow.sklearn
    from sklearn.linear_model import LogisticRegression

    mlflow.sklearn.save_model(LogisticRegression().fit(*_data()), str(path), input_example=_data()[0][:2], serialization_format="pickle", pip_requirements=["scikit-learn"])


@benign("blind/catboost.cbm", "catboost")
def _catboost(path: Path) -> None:
    import catboost

    catboost.CatBoostClassifier(iterations=2, verbose=0, allow_writing_files=False).fit(*_data()).save_model(str(path))


@benign("blind/catboost.json", "catboost")
def _catboost_json(path: Path) -> None:
    import catboost

    catboost.CatBoostRegressor(iterations=2, verbose=0, allow_writing_files=False).fit(*_data()).save_model(str(path), format="json")


@benign("blind/conversation.nemo", "torch")
def _nemo(path: Path) -> None:
    import torch

    data = io.BytesIO()
    torch.save({"encoder.weight": torch.ones(2)}, data)
    with tarfile.open(path, "w") as archive:
        for name, content in (("./model_config.yaml", b"target: nemo.collections.asr.models.EncDecCTCModel\nsample_rate: 16000\nencoder:\n  _target_: nemo.collections.asr.modules.ConformerEncoder\n  feat_in: 80\ntrain_ds:\n  manifest_filepath: ???\n"), ("./model_weights.ckpt", data.getvalue())):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


@benign("blind/bundle.zip", "torch", "safetensors")
def _bundle(path: Path) -> None:
    import torch
    from safetensors.torch import save

    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model/model.safetensors", save({"w": torch.rand(100)}))
        archive.writestr("model/config.json", json.dumps({"model_type": "bert", "hidden_size": 8}))
        archive.writestr("model/README.md", "# A model\n")


TEMPLATES = {
    "llama2": "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' ' + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}",
    "gemma": "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{% for message in messages %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %}",
    "phi": "{% for message in messages %}{% if message['role'] == 'system' and 'tools' in message and message['tools'] is not none %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|tool|>' + message['tools'] + '<|/tool|>' + '<|end|>' }}{% else %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endif %}{% endfor %}",
    "commandr": "{%- macro json_to_python_type(json_spec) %}{%- set basic_type_map = {'string': 'str', 'number': 'float'} %}{%- if json_spec.type in basic_type_map %}{{- basic_type_map[json_spec.type] }}{%- elif json_spec.type == 'array' %}{{- 'List[' + json_to_python_type(json_spec['items']) + ']' }}{%- else %}{{- 'Any' }}{%- endif %}{%- endmacro %}{% for tool in tools %}{{ tool.function.name }}({% for k, v in tool.function.parameters.properties.items() %}{{ k }}: {{ json_to_python_type(v) }}{% if not loop.last %}, {% endif %}{% endfor %}){% endfor %}",
    "llama3": "{{- bos_token }}{%- if custom_tools is defined %}{%- set tools = custom_tools %}{%- endif %}{%- if not date_string is defined %}{%- if strftime_now is defined %}{%- set date_string = strftime_now('%d %b %Y') %}{%- else %}{%- set date_string = '26 Jul 2024' %}{%- endif %}{%- endif %}{%- for message in messages %}{%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' }}{%- elif 'tool_calls' in message %}{%- if not message.tool_calls|length == 1 %}{{- raise_exception('one call') }}{%- endif %}{%- set tool_call = message.tool_calls[0].function %}{{- '{\"name\": \"' + tool_call.name + '\", ' }}{{- '\"parameters\": ' }}{{- tool_call.arguments | tojson }}{{- '}' }}{%- endif %}{%- endfor %}",
}  # fmt: skip
for name, body in TEMPLATES.items():

    @benign(f"blind/{name}/tokenizer_config.json")
    def _template(path: Path, body: str = body) -> None:
        path.write_text(json.dumps({"tokenizer_class": "LlamaTokenizerFast", "bos_token": "<s>", "chat_template": body, "clean_up_tokenization_spaces": False}))


REGEXES = {
    "gpt2": r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", "cl100k": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+", "o200k": r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+", "clip": r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+", "deepseek": r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+", "bloom": r" ?[^(\s|[.,!?…。，、।۔،])]+", "starcoder": r"\d{1,3}(?=(?:\d{3})*\b)",
}  # fmt: skip
for name, pattern in REGEXES.items():

    @benign(f"blind/regex_{name}/tokenizer.json")
    def _regex(path: Path, pattern: str = pattern) -> None:
        path.write_text(json.dumps({"version": "1.0", "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}, {"type": "ByteLevel"}]}, "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}, ensure_ascii=False))


FILES = {
    "stable/model_index.json": {"_class_name": "StableDiffusionXLPipeline", "_diffusers_version": "0.31.0", "force_zeros_for_empty_prompt": True, "feature_extractor": [None, None], "scheduler": ["diffusers", "EulerDiscreteScheduler"], "text_encoder": ["transformers", "CLIPTextModel"], "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"], "tokenizer": ["transformers", "CLIPTokenizer"], "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"]},
    "whisper/config.json": {"_name_or_path": "openai/whisper-tiny", "activation_function": "gelu", "architectures": ["WhisperForConditionalGeneration"], "model_type": "whisper", "torch_dtype": "float32", "begin_suppress_tokens": [220, 50257]}, "llava/config.json": {"architectures": ["LlavaForConditionalGeneration"], "model_type": "llava", "text_config": {"model_type": "llama", "_attn_implementation_autoset": True}, "vision_config": {"model_type": "clip_vision_model"}, "attn_implementation": "flash_attention_2"}, "awq/config.json": {"model_type": "llama", "quantization_config": {"bits": 4, "quant_method": "awq", "modules_to_not_convert": None, "zero_point": True}}, "sentence/config_sentence_transformers.json": {"__version__": {"sentence_transformers": "3.0.0", "transformers": "4.41"}, "prompts": {"query": "q: "}, "similarity_fn_name": "cosine"},
}  # fmt: skip
for name, settings in FILES.items():

    @benign(f"blind/{name}")
    def _file(path: Path, settings: dict[str, object] = settings) -> None:
        path.write_text(json.dumps(settings, indent=2))


WRITERS: tuple[tuple[str, Callable[[], bytes]], ...] = (
    ("blind/saved_text/notes.pbtxt", lambda: b'item {\n  id: 1\n  name: "person"\n}\n'), ("blind/onnx_labels/classes.txt", lambda: b"cat\ndog\n"), ("blind/latent/config.yaml", lambda: b"model:\n  base_learning_rate: 1.0e-4\n  target: ldm.models.diffusion.ddpm.LatentDiffusion\n  params:\n    timesteps: 1000\n    unet_config:\n      target: ldm.modules.diffusionmodules.openaimodel.UNetModel\n      params: {in_channels: 4}\n    first_stage_config:\n      target: ldm.models.autoencoder.AutoencoderKL\n    lossconfig:\n      target: torch.nn.Identity\n"), ("blind/yolo/data.yaml", lambda: b"path: ../datasets/coco8\ntrain: images/train\nval: images/val\nnames:\n  0: person\n  1: bicycle\n"), ("blind/environment/conda.yaml", lambda: b"channels:\n- conda-forge\ndependencies:\n- python=3.11.1\n- pip<=24.0\n- pip:\n  - mlflow==3.0\n  - scikit-learn==1.5\nname: mlflow-env\n"), ("blind/card/README.md", lambda: b"---\nlicense: apache-2.0\nlanguage:\n- en\ntags:\n- text-generation\nmodel-index:\n- name: x\n  results:\n  - task: {type: text-generation}\nwidget:\n- text: 'Hello'\n---\n# Model\n\n```python\nfrom transformers import pipeline\n```\n"), ("blind/dvc/params.yaml", lambda: b"train:\n  lr: 0.1\n  target: price\n  type: ridge\n"),
)  # fmt: skip
for name, content in WRITERS:

    @benign(name)
    def _content(path: Path, content: Callable[[], bytes] = content) -> None:
        path.write_bytes(content())
