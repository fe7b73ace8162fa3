"""Downloads from a model hub without a fixed commit."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from troth.engines.code.module import Module, Site
from troth.engines.code.rule import Context, Hit, Rule, Severity, matching

__all__ = ["RULE"]

_KNOWN = rb"[\"'](?:(?:distil)?(?:bert|roberta|gpt2)|albert|xlnet|xlm|t5|openai-gpt|camembert|electra|all-[Mmd]|paraphrase|multi-qa|msmarco|stsb|nli|LaBSE)[\w.-]*[\"']"
_DOWNLOADS = (rb"hf_hub_download\s*\(", rb"snapshot_download\s*\(")
_CONFIRM = matching(
    (rb"from_pretrained\s*[(,)\n]", rb"hf_hub_download\s*[(,)\n]", rb"snapshot_download\s*[(,)\n]", rb"load_dataset\s*[(,)\n]", rb"pipeline\s*\(", rb"SentenceTransformer\s*\(", rb"CrossEncoder\s*\(",
     rb"create_model", rb"from_(?:quantized|preset|hparams|model_id)", rb"load_(?:lora_weights|textual_inversion|ip_adapter|adapter)", rb"LLM\s*\(", rb"EngineArgs\s*\(", rb"HuggingFaceEmbeddings\s*\(", rb"SparseEncoder\s*\(", rb"evaluate\.load"),
    (rb"/[A-Za-z0-9][\w.-]*[\"']", _KNOWN, rb"load_dataset\s*\(\s*[\"']\w", *_DOWNLOADS),
    (rb"[\"'](?:hf[-_]hub:|hf://)?[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*[\"']", _KNOWN, rb"load_dataset\s*\(\s*[\"']\w", *_DOWNLOADS),
)


_CANONICAL = re.compile(
    r"(?:(?:distil)?(?:bert|roberta|gpt2)|albert|xlnet|xlm|t5|openai-gpt|camembert|electra|all-(?:MiniLM|mpnet|distilroberta)|paraphrase|multi-qa|msmarco|stsb|nli|LaBSE)"
    r"(?:-[\w.-]{1,80})?\Z"
)
"""Names without an owner that the hub gives to its first models; any other bare word may be a folder."""
_BUILDERS = frozenset(("json", "csv", "parquet", "arrow", "text", "xml", "pandas", "sql", "generator", "webdataset", "imagefolder", "audiofolder", "videofolder"))
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}\Z")
_COMMIT = re.compile(r"[0-9a-f]{40}\Z")
_ENDS = (".from_pretrained", ".from_quantized", ".from_preset", ".from_hparams")
_NAMES = {
    "huggingface_hub.hf_hub_download": (0, "repo_id"),
    "huggingface_hub.snapshot_download": (0, "repo_id"),
    "huggingface_hub.HfApi().hf_hub_download": (0, "repo_id"),
    "huggingface_hub.file_download.hf_hub_download": (0, "repo_id"),
    "huggingface_hub.cached_download": (0, "url"),
    "huggingface_hub.from_pretrained_keras": (0, "pretrained_model_name_or_path"),
    "huggingface_hub.HfApi().snapshot_download": (0, "repo_id"),
    "datasets.load_dataset": (0, "path"),
    "datasets.load_dataset_builder": (0, "path"),
    "evaluate.load": (0, "path"),
    "timm.create_model": (0, "model_name"),
    "mlx_lm.load": (0, "path_or_hf_repo"),
    "FlagEmbedding.FlagModel": (0, "model_name_or_path"),
    "FlagEmbedding.BGEM3FlagModel": (0, "model_name_or_path"),
    "FlagEmbedding.FlagReranker": (0, "model_name_or_path"),
    "vllm.LLM": (0, "model"),
    "vllm.EngineArgs": (0, "model"),
    "vllm.AsyncEngineArgs": (0, "model"),
    "open_clip.create_model_and_transforms": (0, "model_name"),
    "open_clip.create_model": (0, "model_name"),
    "langchain_huggingface.HuggingFaceEmbeddings": (-1, "model_name"),
    "langchain_community.embeddings.HuggingFaceEmbeddings": (-1, "model_name"),
    "langchain_huggingface.HuggingFacePipeline.from_model_id": (0, "model_id"),
    "langchain_community.llms.HuggingFacePipeline.from_model_id": (0, "model_id"),
    "transformers.pipeline": (1, "model"),
    "transformers.pipelines.pipeline": (1, "model"),
    "sentence_transformers.SentenceTransformer": (0, "model_name_or_path"),
    "sentence_transformers.CrossEncoder": (0, "model_name"),
    "sentence_transformers.SparseEncoder": (0, "model_name_or_path"),
}
_ONLY_HUB = frozenset(name for name in _NAMES if name.startswith("huggingface_hub.") and name.endswith(("hf_hub_download", "snapshot_download")))
"""What downloads from the hub whatever it is given; the others take folders, too."""
_LIBRARIES = (
    "transformers", "diffusers", "huggingface_hub", "datasets", "sentence_transformers", "peft", "timm", "tokenizers", "optimum", "trl", "setfit", "evaluate", "vllm",
    "open_clip", "langchain_huggingface", "langchain_community", "unsloth", "auto_gptq", "awq", "gptqmodel", "adapters", "span_marker", "gliner", "pyannote", "speechbrain",
    "intel_extension_for_transformers", "model2vec", "parler_tts", "llama_cpp", "ctransformers", "ragatouille", "FlagEmbedding", "mlx_lm", "modelscope",
)  # fmt: skip
_GIVEN = ("pretrained_model_name_or_path", "model_name", "model_id", "model_name_or_path", "repo_id", "model_id_or_path", "checkpoint_path", "source")
_ADDED = (".load_lora_weights", ".load_textual_inversion", ".load_ip_adapter", ".load_adapter")
"""Methods by which something from the hub is added to a model that is already there."""
_PREFIXED = ("timm.create_model", "open_clip.create_model")
_BASES = ("peft.PeftModel", "peft.PeftModelFor", "peft.LoraModel")
_HUB_PREFIX = re.compile(r"(?:hf-hub:|hf_hub:|hf://(?:models/|datasets/)?)")


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.ending(*_ENDS):
        if any(name.startswith(_LIBRARIES) for name in site.names):
            second = any(name.startswith(_BASES) for name in site.names)  # the first is the model that the adapter is for
            yield from _judge(module, site, site.argument(1, "model_id") if second else site.argument(0, *_GIVEN))
    for site in module.ending(*_ADDED):
        if any(name.startswith(_LIBRARIES) for name in site.names):
            yield from _judge(module, site, site.argument(0, "pretrained_model_name_or_path_or_dict", "peft_model_id"))
    for name, (position, keyword) in _NAMES.items():
        for site in module.calls(name):
            yield from _judge(module, site, site.argument(position, keyword), data=name.startswith("datasets.load_dataset"), kind=name)


def _on_hub(name: object, *, data: bool) -> bool:
    """Whether a name is one of the hub's: with an owner, or one that it knows without."""
    if not isinstance(name, str):
        return False
    if _HUB_PREFIX.match(name):
        return True
    bare = re.fullmatch(r"[A-Za-z][\w.-]{1,80}", name) is not None
    return bool(_REPOSITORY.match(name)) or (bare and (name not in _BUILDERS if data else bool(_CANONICAL.match(name))))


def _judge(module: Module, site: Site, what: ast.expr | None, *, data: bool = False, kind: str = "") -> Iterator[Hit]:
    repositories = module.likely(what, site.scope)
    if repositories is None and what is not None and kind in _ONLY_HUB:
        repositories = frozenset()  # which one is not told, but it is one of the hub's
    elif repositories is None or not any(_on_hub(item, data=data) for item in repositories):
        return
    if kind.startswith(_PREFIXED) and not any(isinstance(item, str) and _HUB_PREFIX.match(item) for item in repositories):
        return  # a name without the prefix is one of the library's own
    if kind == "evaluate.load" and not any(isinstance(item, str) and "/" in item for item in repositories):
        return
    if any("@" in str(item) for item in repositories):
        return  # timm and open_clip: name@commit
    local = module.values(site.argument(-1, "local_files_only"), site.scope)
    if local == frozenset((True,)) or site.opaque:
        return
    given = site.argument(-1, "revision", "hf_revision")
    tables = [module.table(site.keywords[name], site.scope) for name in ("model_kwargs", "pipeline_kwargs") if name in site.keywords]
    given = given or next((table["revision"] for table in tables if table and "revision" in table), None)
    if given is None:
        yield Hit(site.line, "No revision: tomorrow's download may be another model.")
        return
    revisions = module.values(given, site.scope)
    if revisions is not None and not all(isinstance(item, str) and _COMMIT.match(item) for item in revisions):
        yield Hit(site.line, "The revision is a branch or a tag, which can be moved.")


RULE = Rule(
    id="hub-unpinned",
    title="A download from a hub is not pinned to a commit",
    why="Whoever owns the repository, or takes it over, changes what is loaded here.",
    mend="Pass revision= with the full commit.",
    severity=Severity.MEDIUM,
    cwe=("CWE-494", "CWE-829"),
    owasp=("LLM03:2025",),
    atlas=("AML.T0010.003",),
    needs=(
        (b"from_pretrained(", b"from_pretrained,", b"hf_hub_download", b"snapshot_download", b"load_dataset", b"pipeline(", b"SentenceTransformer(", b"CrossEncoder(",
         b"create_model", b"from_quantized", b"from_preset", b"from_hparams", b"load_lora_weights", b"load_textual_inversion", b"load_ip_adapter", b"load_adapter", b"LLM(", b"EngineArgs(",
         b"HuggingFaceEmbeddings(", b"from_model_id", b"evaluate.load", b"SparseEncoder("),
        tuple(f"{verb} {library}".encode() for verb in ("from", "import") for library in _LIBRARIES),
    ),
    modules=frozenset(_LIBRARIES),
    confirm=_CONFIRM,
    check=_check,
    bad=("from transformers import AutoModel\nAutoModel.from_pretrained('acme/net')\n",),
    good=(
        "from transformers import AutoModel\nAutoModel.from_pretrained('acme/net', revision='0123456789abcdef0123456789abcdef01234567')\n",
        "from transformers import AutoModel\nAutoModel.from_pretrained('./here')\n",
    ),
)
