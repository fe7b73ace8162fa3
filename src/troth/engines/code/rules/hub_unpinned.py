"""Downloads from a model hub without a fixed commit."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from troth.engines.code.module import Module, Site
from troth.engines.code.rule import Context, Hit, Rule, Severity, matching

__all__ = ["RULE"]

_KNOWN = rb"[\"'](?:(?:distil)?(?:bert|roberta|gpt2)|albert|xlnet|xlm|t5|openai-gpt|camembert|electra|all-[Mmd]|paraphrase|multi-qa|msmarco|stsb|nli|LaBSE)[\w.-]*[\"']"
_CONFIRM = matching(
    (rb"from_pretrained\s*[(,)\n]", rb"hf_hub_download\s*[(,)\n]", rb"snapshot_download\s*[(,)\n]", rb"load_dataset\s*[(,)\n]", rb"pipeline\s*\(", rb"SentenceTransformer\s*\(", rb"CrossEncoder\s*\("),
    (rb"/[A-Za-z0-9][\w.-]*[\"']", _KNOWN, rb"load_dataset\s*\(\s*[\"']\w"),
    (rb"[\"'][A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*[\"']", _KNOWN, rb"load_dataset\s*\(\s*[\"']\w"),
)


_CANONICAL = re.compile(
    r"(?:(?:distil)?(?:bert|roberta|gpt2)|albert|xlnet|xlm|t5|openai-gpt|camembert|electra|all-(?:MiniLM|mpnet|distilroberta)|paraphrase|multi-qa|msmarco|stsb|nli|LaBSE)"
    r"(?:-[\w.-]{1,80})?\Z"
)
"""Names without an owner that the hub gives to its first models; any other bare word may be a folder."""
_BUILDERS = frozenset(("json", "csv", "parquet", "arrow", "text", "xml", "pandas", "sql", "generator", "webdataset", "imagefolder", "audiofolder", "videofolder"))
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}\Z")
_COMMIT = re.compile(r"[0-9a-f]{40}\Z")
_ENDS = (".from_pretrained",)
_NAMES = {
    "huggingface_hub.hf_hub_download": (0, "repo_id"),
    "huggingface_hub.snapshot_download": (0, "repo_id"),
    "huggingface_hub.HfApi().hf_hub_download": (0, "repo_id"),
    "datasets.load_dataset": (0, "path"),
    "transformers.pipeline": (1, "model"),
    "transformers.pipelines.pipeline": (1, "model"),
    "sentence_transformers.SentenceTransformer": (0, "model_name_or_path"),
    "sentence_transformers.CrossEncoder": (0, "model_name"),
}
_LIBRARIES = ("transformers", "diffusers", "huggingface_hub", "datasets", "sentence_transformers", "peft", "timm", "tokenizers", "optimum", "trl", "setfit")


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.ending(*_ENDS):
        if any(name.startswith(_LIBRARIES) for name in site.names):
            yield from _judge(module, site, site.argument(0, "pretrained_model_name_or_path"))
    for name, (position, keyword) in _NAMES.items():
        for site in module.calls(name):
            yield from _judge(module, site, site.argument(position, keyword), data=name.endswith("load_dataset"))


def _on_hub(name: object, *, data: bool) -> bool:
    """Whether a name is one of the hub's: with an owner, or one that it knows without."""
    if not isinstance(name, str):
        return False
    bare = re.fullmatch(r"[A-Za-z][\w.-]{1,80}", name) is not None
    return bool(_REPOSITORY.match(name)) or (bare and (name not in _BUILDERS if data else bool(_CANONICAL.match(name))))


def _judge(module: Module, site: Site, what: ast.expr | None, *, data: bool = False) -> Iterator[Hit]:
    repositories = module.values(what, site.scope)
    if repositories is None or not any(_on_hub(item, data=data) for item in repositories):
        return
    local = module.values(site.argument(-1, "local_files_only"), site.scope)
    if local == frozenset((True,)) or site.opaque:
        return
    given = site.argument(-1, "revision")
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
        (b"from_pretrained(", b"from_pretrained,", b"hf_hub_download", b"snapshot_download", b"load_dataset", b"pipeline(", b"SentenceTransformer(", b"CrossEncoder("),
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
