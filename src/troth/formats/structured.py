"""JSON and YAML that come with models: settings, tokenizers, indexes, cards. Refused where they make a loader run code, leave the folder, or blow up.

Keys are judged wherever they stand, because loaders merge settings. JSON must be one that every reader sees alike: no key twice, no NaN tricks that hide structure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from troth.formats.dotted import plain_call, reaches
from troth.formats.patterns import explodes
from troth.formats.templates import check_template
from troth.formats.verdict import INERT, NOT_A_MODEL, Judgement, Refusal
from troth.formats.yaml_tags import YAML_LIMIT as _YAML_LIMIT
from troth.formats.yaml_tags import check_tags, load

__all__ = ["judge_json", "judge_yaml", "parse_json"]

Json = object
_DEPTH = 200
_MODELISH = frozenset(
    ["model_type", "architectures", "tokenizer_class", "chat_template", "weight_map", "added_tokens", "vocab_size", "hidden_size", "transformers_version", "bos_token", "eos_token", "do_sample", "image_processor_type", "feature_extractor_type", "processor_class", "_class_name", "_diffusers_version", "peft_type", "learner", "torch_dtype", "unk_token", "pad_token", "special_tokens", "add_prefix_space", "added_tokens_decoder", "model_max_length", "class_name", "oblivious_trees", "generation_config"]
)
_REMOTE = re.compile(r"\A(?:[a-z][a-z0-9+.-]{1,20}:)?//", re.IGNORECASE)
_TARGETS = re.compile(
    r"\A(?:nemo\.collections\.[a-z_]+\.(?:modules|parts|losses|models|data|metrics)\.[\w.]+|torch\.(?:nn|optim)\.[\w.]+|torch\.nn\.[A-Z]\w+|lightning\.pytorch\.(?:callbacks|loggers|strategies)\.[\w.]+|"
    r"pytorch_lightning\.(?:callbacks|loggers|strategies)\.[\w.]+|transformers\.[A-Z]\w+|monai\.networks\.[\w.]+)\Z"
)
_REGEX_LIMIT = 20_000


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [key for key, _ in pairs]
        double = next(key for key in names if names.count(key) > 1)
        raise Refusal("duplicate-key", "a JSON object has one key twice; readers choose differently", None, double[:200])
    return found


def parse_json(data: bytes) -> Json:
    """The value, or a refusal where it is not one JSON text."""
    try:
        return json.loads(data.decode("utf-8-sig"), object_pairs_hook=_unique)
    except UnicodeDecodeError as error:
        raise Refusal("json", "not UTF-8", error.start) from error
    except json.JSONDecodeError as error:
        raise Refusal("json", f"not JSON: {error.msg}", error.pos) from error
    except RecursionError as error:
        raise Refusal("nesting", "nested too deep") from error
    except ValueError as error:
        raise Refusal("json", "a number too long", None) from error


def _walk(value: Json, path: str = "", depth: int = 0) -> Iterator[tuple[str, str, Json]]:
    """(path, key, value) of every entry of every object."""
    if depth > _DEPTH:
        raise Refusal("nesting", "nested too deep", None, path[:200])
    if isinstance(value, dict):
        for key, inner in value.items():
            here = f"{path}.{key}" if path else str(key)
            yield here, str(key), inner
            if isinstance(inner, (dict, list)):
                yield from _walk(inner, here, depth + 1)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            if isinstance(inner, (dict, list)):
                yield from _walk(inner, f"{path}[{index}]", depth + 1)


def judge_json(data: bytes, name: str) -> Judgement:
    """Judge a JSON file that came with, or is, a model."""
    try:
        value = parse_json(data)
    except Refusal as refusal:
        if refusal.detail.code == "json":
            return Judgement("json", NOT_A_MODEL, (refusal.detail,))
        raise
    if isinstance(value, dict):
        special = _special(value, name)
        if special is not None:
            return special
    modelish = check_value(value, name)
    return Judgement("model-config" if modelish else "json", INERT if modelish else NOT_A_MODEL)


def check_value(value: Json, name: str) -> bool:
    """Refuse settings that run code; whether they are a model's settings at all."""
    modelish = name in ("config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json", "preprocessor_config.json", "modules.json")
    for path, key, inner in _walk(value):
        modelish = modelish or key in _MODELISH
        if key.startswith("py/") and key not in _JSONPICKLE:
            raise Refusal("settings-call", f"{path} makes readers of jsonpickle build or call what it names", None, path[:200])
        if name == "model_index.json" and path == key:
            _library(path, inner)
        if key == "path" and name in ("modules.json", "Manifest.json") and isinstance(inner, str) and (inner.startswith(("/", "~")) or ".." in inner.replace("\\", "/").split("/")):
            raise Refusal("foreign-path", f"{path} reaches outside of the model: {inner[:120]!r}", None, path[:200])
        check = _KEYS.get(key)
        if check is not None:
            check(path, inner)
        elif isinstance(inner, str):
            _text(path, key, inner)
        elif isinstance(inner, list) and len(inner) < _LISTED:
            _listed(path, inner, 0)
    return modelish


_LISTED = 1000


def _listed(path: str, value: list[Json], depth: int) -> None:
    """Texts in lists: a name that is called is called from there as well."""
    for item in value:
        if isinstance(item, str) and plain_call(item):
            raise Refusal("settings-call", f"{path} names {item[:120]!r}, which the loader would call", None, item[:200])
        if isinstance(item, list) and depth < 3 and len(item) < _LISTED:
            _listed(path, item, depth + 1)


def _special(value: dict[str, Json], name: str) -> Judgement | None:
    from troth.formats import keras, libraries

    if "__loader__" in value or ("content" in value and "protocol" in value and "_skops_version" in value):
        return libraries.judge_skops_schema(value)
    if "class_name" in value and (isinstance(value.get("config"), (dict, list)) or "module" in value):
        keras.check_config(value)
        return Judgement("keras-config", INERT)
    if "learner" in value and "version" in value:
        from troth.formats.boosted import check_trees

        check_trees(value)
        return Judgement("xgboost-json", INERT)
    if ("oblivious_trees" in value or "trees" in value) and "features_info" in value:
        return Judgement("catboost-json", INERT)
    if value.get("template_format") == "jinja2" and isinstance(value.get("template"), str):
        check_template(str(value["template"]), "template")
    if name == "MLmodel" and "flavors" in value:
        return libraries.judge_mlmodel(value)
    if name == "MANIFEST.json" and "model" in value and isinstance(value["model"], dict) and value["model"].get("handler"):
        raise Refusal("custom-code", "a handler that the server runs", None, str(value["model"]["handler"])[:200])
    return None


def _custom(path: str, value: Json) -> None:
    if value:
        raise Refusal("custom-code", f"{path} makes loaders import code that comes with the model", None, path[:200])


def _flag(path: str, value: Json) -> None:
    if value and not (isinstance(value, str) and value.lower() in ("false", "no", "0")):
        raise Refusal("custom-code", f"{path} allows code that comes with the model", None, path[:200])


def _template(path: str, value: Json) -> None:
    texts = [value] if isinstance(value, str) else [item.get("template") for item in value if isinstance(item, dict)] if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []
    for item in texts:
        if isinstance(item, str):
            check_template(item, path)


def _weights(path: str, value: Json) -> None:
    if not isinstance(value, dict):
        raise Refusal("weight-map", "an index that is not a map of files", None, path)
    for tensor, file in value.items():
        if not isinstance(file, str) or not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.+ -]{0,200}", file):
            raise Refusal("weight-map", f"a shard outside of the model's folder: {str(file)[:120]!r}", None, str(tensor)[:200])


def _imports(path: str, value: Json) -> None:
    """Modules that a runner imports before it reads on."""
    names = value.get("imports") if isinstance(value, dict) else value
    for name in names if isinstance(names, list) else [names]:
        if isinstance(name, str) and reaches(name):
            raise Refusal("settings-call", f"{path} imports {name[:120]!r}", None, name[:200])


def _manifest(path: str, value: Json) -> None:
    """TensorFlow.js: groups of files beside the model."""
    for group in value if isinstance(value, list) else []:
        for file in group.get("paths") or [] if isinstance(group, dict) else []:
            if not isinstance(file, str) or _REMOTE.match(file) or file.startswith("/") or ".." in file.replace("\\", "/").split("/"):
                raise Refusal("foreign-path", f"{path} reaches outside of the model: {str(file)[:120]!r}", None, path[:200])


def _target(path: str, value: Json) -> None:
    if isinstance(value, str) and (not _TARGETS.match(value) or reaches(value)):
        raise Refusal("settings-call", f"{path} names {value[:120]!r}, which the loader would call", None, value[:200])


def _pattern(path: str, value: Json) -> None:
    if isinstance(value, str):
        if len(value) > _REGEX_LIMIT:
            raise Refusal("pattern", "a pattern of odd length", None, path[:200])
        if explodes(value):
            raise Refusal("pattern", "a pattern whose matching can take exponential time", None, path[:200])


def _library(path: str, value: Json) -> None:
    """A pipeline's entry [library, class]: anything but the known libraries is a module to import."""
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and value[0] not in _PIPELINES:
        raise Refusal("custom-code", f"{path} imports from {value[0]!r}", None, path[:200])


_PIPELINES = frozenset(
    ["diffusers", "transformers", "stable_diffusion", "onnxruntime.training", "flax", "k_diffusion", "optimum", "peft", "stable_diffusion_xl", "stable_diffusion_3", "paint_by_example", "audioldm2", "latent_diffusion", "unclip", "stable_unclip", "shap_e", "kandinsky", "kandinsky2_2", "deepfloyd_if", "wuerstchen", "stable_cascade", "versatile_diffusion", "gligen", "blip_diffusion", "musicldm", "spectrogram_diffusion", "semantic_stable_diffusion", "stable_diffusion_safe", "alt_diffusion", "stable_audio", "unidiffuser", "controlnet", "flux", "sana", "cogvideo", "hunyuan_video", "ltx", "lumina", "pag", "wan", "cosmos", "ip_adapter"]
)
"""Libraries, and the pipelines of diffusers that bring classes of their own."""
_JSONPICKLE = frozenset(("py/tuple", "py/set", "py/id", "py/bytes", "py/b64", "py/b85"))


def _library_file(path: str, value: Json) -> None:
    if isinstance(value, str) and re.search(r"\.(?:so|dll|dylib|pyd)(?:\.\d+)*\Z", value, re.IGNORECASE):
        raise Refusal("native-code", f"{path} names a shared library", None, value[:200])


def _attention(path: str, value: Json) -> None:
    """An implementation that is named `owner/repository` is fetched from the hub and run."""
    for name in value.values() if isinstance(value, dict) else [value]:
        if isinstance(name, str) and "/" in name:
            raise Refusal("custom-code", f"{path} names a kernel that the loader would fetch and run: {name[:120]!r}", None, path[:200])


def _codecs(path: str, value: Json) -> None:
    """Chunks of arrays that pass an unpickler when they are read."""
    for codec in value if isinstance(value, list) else [value]:
        name = str(codec.get("id") or codec.get("name") or "") if isinstance(codec, dict) else ""
        if name.rpartition(".")[2] in ("pickle", "dill", "cloudpickle"):
            raise Refusal("pickled-setting", f"{path} makes readers unpickle what the array holds", None, path[:200])


def _class_path(path: str, value: Json) -> None:
    """Command lines that are made from classes import and call this path; nothing of Python's own library is a model."""
    if isinstance(value, str) and reaches(value):
        raise Refusal("settings-call", f"{path} names {str(value)[:120]!r}, which the loader would call", None, str(value)[:200])


_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+\Z")
_LOADERS = re.compile(r"(?:torch\.(?:hub|jit|load|package|classes|utils\.cpp_extension)|numpy\.load|joblib|pandas\.(?:eval|read_pickle)|hydra\.utils|cloudpickle|dill|yaml|keras\.(?:models|saving)|transformers\.dynamic_module_utils)(?:\.|\Z)")


def _instantiated(path: str, value: Json) -> None:
    """`target` of settings that make objects by name: nothing of Python's own library, and nothing that loads, is a part of a model."""
    if isinstance(value, str) and _DOTTED.match(value) and (reaches(value) or _LOADERS.match(value)):
        raise Refusal("settings-call", f"{path} names {value[:120]!r}, which the loader would call", None, value[:200])


def _kernels(path: str, value: Json) -> None:
    """A kernel that is named by its repository is fetched and run."""
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, str) and "/" in item:
            raise Refusal("custom-code", f"{path} names a kernel that the loader would fetch and run: {item[:120]!r}", None, path[:200])
        todo.extend(item.values() if isinstance(item, dict) else item if isinstance(item, list) else ())


def _own_class(path: str, value: Json) -> None:
    if isinstance(value, list):
        raise Refusal("custom-code", f"{path} names a module that comes with the model", None, path[:200])


def _base(path: str, value: Json) -> None:
    if isinstance(value, str) and (_REMOTE.match(value) or ".." in value.split("/")):
        raise Refusal("foreign-path", f"{path} reaches outside of the model: {value[:120]!r}", None, path[:200])


def _module_type(path: str, value: Json) -> None:
    """Sentence-transformers' modules.json: `type` is a class to import."""
    if isinstance(value, str) and "." in value and re.fullmatch(r"[\w.]+", value) and (reaches(value) or not value.startswith(("sentence_transformers.", "tokenizers.", "transformers."))):
        raise Refusal("settings-call", f"{path} names {value[:120]!r}, which the loader would import", None, value[:200])


def _text(path: str, key: str, value: str) -> None:
    if value.startswith("!!python/") or "__import__(" in value or plain_call(value) or "__reduce__" in value or "__subclasses__" in value or "__globals__" in value or "__builtins__" in value:
        raise Refusal("code-text", f"{path} holds text that is made to be run", None, path[:200])
    if key in ("user_dir", "module_dir") and value.startswith((".", "/", "~")):
        raise Refusal("custom-code", f"{path} is a folder of code that the loader imports: {value[:120]!r}", None, path[:200])
    if (key.endswith(("_file", "_path", "_base_name")) or key == "file") and (value.startswith(("/etc/", "/proc/", "~", "file:", "\\\\")) or ".." in value.replace("\\", "/").split("/")):
        raise Refusal("foreign-path", f"{path} reaches outside of the model: {value[:120]!r}", None, path[:200])
    _library_file(path, value)


def _serialized(path: str, value: Json) -> None:
    """Stable-Baselines3 keeps pickles in base64 inside its settings, and unpickles them: each is proved as a pickle."""
    import base64
    import binascii

    from troth.formats.pickle.allow import AllowList
    from troth.formats.source import Source
    from troth.formats.stream import read_pickles

    try:
        if not isinstance(value, str) or not value:
            raise ValueError(path)  # noqa: TRY301
        data = base64.b64decode(value, validate=False)
    except (ValueError, binascii.Error) as error:
        raise Refusal("pickled-setting", f"{path} is meant for an unpickler and cannot be read", None, path[:200]) from error
    try:
        read_pickles(Source(data), AllowList())
    except Refusal as refusal:
        raise Refusal("pickled-setting", f"{path} is unpickled by its loader: {refusal.detail.says}", refusal.detail.offset, refusal.detail.name) from refusal


_CLASS = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+\Z")
_HOMES = ("torch.nn.", "sentence_transformers.", "transformers.", "tokenizers.", "peft.", "diffusers.", "timm.", "keras.")
_PARENTS = re.compile(r"(?:transformers|diffusers|timm|sentence_transformers|peft|torch|megatron|megatron\.core)(?:\.[A-Za-z_]\w*)*\Z")
_ACTIVATION = re.compile(r"(?:torch\.)?nn\.[A-Z]\w*\([\w=., -]{0,60}\)\Z")


def _class(path: str, value: Json) -> None:
    """Names of classes that loaders import and call: only of the libraries themselves."""
    for name in value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]:
        if isinstance(name, str) and _CLASS.match(name) and not name.startswith(_HOMES):
            raise Refusal("settings-call", f"{path} names {name[:120]!r}, which the loader would import", None, name[:200])


def _parent(path: str, value: Json) -> None:
    if isinstance(value, str) and not _PARENTS.match(value):
        raise Refusal("settings-call", f"{path} names the module {value[:120]!r}, which the loader would import", None, value[:200])


def _activation(path: str, value: Json) -> None:
    """Detectors of objects evaluate this text; elsewhere it is a plain name."""
    if isinstance(value, str) and "(" in value and not _ACTIVATION.match(value):
        raise Refusal("code-text", f"{path} is evaluated by its loader: {value[:120]!r}", None, path[:200])
    _class(path, value)


_KEYS = {
    "parent_library": _parent, "megatron_core": _parent, "activation": _activation, "activation_function": _activation, "activation_fn": _activation, "types": _class,
    "sbert_ce_default_activation_function": _class, "word_tokenizer_class": _class, "tokenizer_class": _class,
    ":serialized:": _serialized,
    "auto_map": _custom, "custom_pipelines": _custom, "custom_pipeline": _custom, "custom_code": _custom, "trust_remote_code": _flag, "allow_pickle": _flag,
    "attn_implementation": _attention, "_attn_implementation": _attention, "_attn_implementation_internal": _attention, "experts_implementation": _attention,
    "filters": _codecs, "codecs": _codecs, "compressor": _codecs, "class_path": _class_path, "target": _instantiated, "kernel_config": _kernels, "_class_name": _own_class,
    "chat_template": _template, "weight_map": _weights, "weightsManifest": _manifest, "custom_imports": _imports, "_target_": _target, "Regex": _pattern, "custom_generate": _custom,
    "unet": _library, "vae": _library, "text_encoder": _library, "scheduler": _library, "tokenizer": _library, "safety_checker": _library,
    "transformer": _library, "feature_extractor": _library, "text_encoder_2": _library, "tokenizer_2": _library, "controlnet": _library,
    "image_encoder": _library, "vocoder": _library, "type": _module_type, "vocab_file": _base, "merges_file": _base, "enable_unsafe_deserialization": _flag,
}  # fmt: skip

_YAML_KEYS = re.compile(r"(?:^|[\s{,\"'])(_target_|target|class_path|trust_remote_code|auto_map|flavors|loader_module|model_type|chat_template|custom_pipeline|activation)[\"']?\s*:")
_ANCHOR = re.compile(r"(?:^|[\s\[{,:-])[&*][A-Za-z_]\w*")


def decoded(data: bytes) -> str:
    """The text as readers of YAML and XML take it: by its mark of byte order, else UTF-8."""
    for mark, name in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8")):
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace")
    return data.decode("utf-8", "replace")


def judge_yaml(data: bytes, name: str) -> Judgement:
    """Judge a YAML file that came with a model; tags are calls, anchors can blow up, and settings are judged as JSON is."""
    text = decoded(data)
    check_tags(text)
    if len(_ANCHOR.findall(text)) > 200:
        raise Refusal("shared-bomb", "more anchors and aliases than settings need", None)
    if len(text) > _YAML_LIMIT:
        key = _YAML_KEYS.search(text)
        if key is not None or name == "MLmodel":
            raise Refusal("budget-text", f"{len(text)} characters of YAML with keys that loaders follow; the limit is {_YAML_LIMIT}", None, key[1] if key else name)
        return Judgement("yaml", NOT_A_MODEL)
    value = load(text)
    if value is None:
        return Judgement("yaml", NOT_A_MODEL)
    if isinstance(value, dict) and ("flavors" in value or name == "MLmodel"):
        from troth.formats.libraries import judge_mlmodel

        return judge_mlmodel(value)
    if name in ("conda.yaml", "python_env.yaml"):
        _sources(value)
    modelish = check_value(value, name)
    return Judgement("model-config" if modelish else "yaml", INERT if modelish else NOT_A_MODEL)


def _sources(value: Json) -> None:
    """What a model's environment is installed from: neither unencrypted addresses nor hosts whose certificates are not looked at."""
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, str) and re.search(r"\bhttp://|--trusted-host|@ ?file:", item):
            raise Refusal("foreign-path", f"the environment is installed from where anybody can answer: {item[:120]!r}", None, item[:200])
        todo.extend(item.values() if isinstance(item, dict) else item if isinstance(item, list) else ())
