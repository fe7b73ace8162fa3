"""One door to all parsers: what a file is, by its content, and what its parser says about it.

The name is only used where it promises something: a file called `.safetensors` that is none is refused, because a loader that trusts the name and one that
trusts the content would differ. Containers are opened within budgets, and everything in them that a loader would read is judged in turn.
"""

# Readers share one signature; a refusal becomes a judgement in one place.
# ruff: noqa: PLR0917, TRY301
from __future__ import annotations

import re
from typing import Final

from troth.formats import unpacking
from troth.formats.pickle.allow import AllowList
from troth.formats.source import Source
from troth.formats.verdict import BUDGET, INERT, NOT_A_MODEL, REFUSED, UNREADABLE, Budget, Judgement, Reason, Refusal

__all__ = ["judge"]

_DECLARED: Final = {
    ".safetensors": ("safetensors",), ".gguf": ("gguf",), ".onnx": ("onnx",), ".npy": ("npy",), ".npz": ("npz",), ".tflite": ("tflite",),
    ".keras": ("keras", "keras-h5", "hdf5"), ".skops": ("skops",), ".h5": ("keras-h5", "hdf5"), ".hdf5": ("keras-h5", "hdf5"), ".nemo": ("tar",), ".mar": ("zip",),
    ".pt2": ("torch-export", "torch-zip"), ".msgpack": ("flax-msgpack",), ".mlmodel": ("coreml",), ".cbm": ("catboost",), ".ubj": ("xgboost-ubj",),
    ".pmml": ("pmml",),
}  # fmt: skip
"""Suffix -> formats that it promises."""
_LOADABLE: Final = (".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".p", ".sav", ".th", ".t7", ".dill", ".pk", ".pb", ".tar", ".zip", ".7z", ".model", ".jit", ".ptl", ".rds", ".rdata", ".rda", ".pdparams", ".pdopt", ".pdmodel", ".pdiparams", ".engine", ".trt", ".pte", ".caffemodel", ".rknn", ".mnn", ".distcp")
"""Suffixes that loaders of models open whatever they hold: unknown content is refused, not passed over."""
_WEIGHTS: Final = r"(?:\A|/)(?:pytorch_model|diffusion_pytorch_model|adapter_model|training_args|optimizer|scheduler|open_clip_pytorch_model)[\w.-]*\.bin\Z"
_TAIL: Final = 66_000
"""Bytes at the end in which the end record of an archive can lie."""
_STREAMS: Final = 16
"""Pickles behind each other that are gone through to find out whether they import anything."""
_NATIVE: Final = (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xfe\xed\xfa\xcf", b"\xfe\xed\xfa\xce", b"\xca\xfe\xba\xbe", b"\0asm")
"""Programs of macOS, of Java and of WebAssembly, beside those of Linux and Windows."""
_CLOSED: Final = {
    b"Rar!\x1a\x07": "a RAR archive", b"070701": "a cpio archive", b"070702": "a cpio archive", b"070707": "a cpio archive", b"!<arch>\n": "an archive of ar", b"LZIP": "lzip data", b"\x1f\x9d": "data of compress", b"\xff\6\0\0sNaPpY": "snappy data", b"MSCF\0\0\0\0": "a cabinet",
    b"\x89LZO\0": "lzop data", b"hsqs": "a file system of squashfs", b"\xac\xed\0\5": "objects of Java, which reading them builds", b"ftrt": "an engine of TensorRT, which holds native plugins", b"ptrt": "an engine of TensorRT, which holds native plugins",
}  # fmt: skip
"""Magic -> what it is: containers and serialized objects that nothing here looks into."""
_POINTER: Final = b"version https://git-lfs.github.com/spec/"
_IMPORTS: Final = rb"[ci][A-Za-z_][\w.]*\n[A-Za-z_][\w.]*\n"
_MODULES: Final = {"pickle_module_info.txt": rb"\s*(?:mlflow\.pytorch\.pickle_module|pickle|cloudpickle|dill)\s*", "keras_module.txt": rb"\s*(?:keras|tf_keras|tensorflow\.keras|tensorflow\.python\.keras)\s*"}
"""Files of MLflow that hold the name of a module -> the modules that MLflow writes there."""
_WRITINGS: Final = (".py", ".pyi", ".ipynb", ".md", ".markdown", ".rst", ".txt", ".html", ".csv", ".tsv", ".log", ".diff", ".patch", ".json", ".jsonl", ".js", ".ts", ".toml")
"""Texts that speak about tags of YAML, and that no reader of YAML is given."""
_CODE: Final = rb"(?m)^\s*(?:from\s+transformers|import\s+(?:torch|transformers)|from\s+(?:\.+|torch|diffusers)|class\s+\w+\((?:PreTrained|Pretrained|\w*(?:Model|Config|Tokenizer|Pipeline))\b)"


def judge(source: Source, name: str, allow: AllowList | None = None, budget: Budget = BUDGET, depth: int = 0) -> Judgement:
    """What the bytes are, and whether loading them is proved to be harmless.

    Args:
        source: the content.
        name: file name (its suffix may promise a format); never opened.
        allow: names that pickles may import; weights and libraries where None.
        budget: limits.
        depth: containers around the content.
    """
    allow = allow if allow is not None else AllowList()
    try:
        if source.size > budget.file:
            raise Refusal("budget-file", f"the file has {source.size} bytes, the limit is {budget.file}")
        found = _recognise(source, name.rsplit("/", 1)[-1], allow, budget, depth)
    except Refusal as refusal:
        return Judgement(_guess(source), REFUSED, (refusal.detail,))
    except (IndexError, KeyError, ValueError, TypeError, AttributeError, OverflowError, MemoryError, ArithmeticError) as error:
        # A fault of ours, not of the file; still no proof. The property tests hold this line unreached.
        return Judgement(_guess(source), REFUSED, (Reason("parser-fault", f"the parser failed: {type(error).__name__}; please report the file"),))
    except RecursionError:
        return Judgement(_guess(source), REFUSED, (Reason("nesting", "nested deeper than the parser follows"),))
    return _as_declared(found, name)


def _as_declared(found: Judgement, name: str) -> Judgement:
    suffix = _suffix(name)
    wanted = _DECLARED.get(suffix)
    if found.verdict == INERT and wanted is not None and found.format not in wanted:
        says = f"the name promises {' or '.join(wanted)}, the content is {found.format}"
        return found._replace(verdict=REFUSED, reasons=(Reason("not-as-declared", says),))
    if found.verdict == NOT_A_MODEL and (wanted is not None or suffix in _LOADABLE or re.search(_WEIGHTS, name)):
        says = f"the name promises a model, the content is none of the formats that are known ({found.format})"
        return found._replace(verdict=REFUSED, reasons=(Reason("not-as-declared", says), *found.reasons))
    return found


def _suffix(name: str) -> str:
    base = name.rsplit("/", 1)[-1].lower()
    return "." + base.rsplit(".", 1)[1] if "." in base else ""


def _guess(source: Source) -> str:
    try:
        head = source.head(16)
    except Refusal:  # the file was cut while it was read
        return "unknown"
    for magic, name in ((b"PK", "zip"), (b"\x93NUMPY", "npy"), (b"GGUF", "gguf"), (b"\x89HDF", "hdf5"), (b"\x80", "pickle"), (b"7z\xbc", "7z")):
        if head.startswith(magic):
            return name
    codec = unpacking.codec_of(head)
    return codec or ("safetensors" if head[8:9] == b"{" else "template" if re.match(rb"\s*\{[%{#]", head) else "json" if head[:1] in (b"{", b"[") else "unknown")


def _recognise(source: Source, name: str, allow: AllowList, budget: Budget, depth: int) -> Judgement:
    head = source.head(1024)
    if not head:
        return Judgement("empty", NOT_A_MODEL)
    if head.startswith(_POINTER):
        return Judgement("lfs-pointer", UNREADABLE, (Reason("lfs-pointer", "a pointer of Git LFS, not the file; fetch it with `git lfs pull`"),))
    if depth > budget.depth:
        raise Refusal("nesting", f"more than {budget.depth} containers inside each other")
    if head[:4] not in (b"PK\3\4", b"PK\5\6") and head[4:8] != b"TFL3" and b"PK\5\6" in source.read(max(source.size - _TAIL, 0), min(source.size, _TAIL)):
        from troth.formats.zip_behind import refuse_archive_behind

        refuse_archive_behind(source, head)
    found = _by_magic(source, head, name, allow, budget, depth)
    if found is not None:
        return found
    return _without_magic(source, head, name, allow, budget, depth)


def _by_magic(source: Source, head: bytes, name: str, allow: AllowList, budget: Budget, depth: int) -> Judgement | None:
    from troth.formats import archives

    if head[:4] == b"PK\3\4" and _suffix(name) == ".distcp":
        from troth.formats.torch_parts import read_parts

        return read_parts(source, allow, budget)
    if head[:4] in (b"PK\3\4", b"PK\5\6"):
        return archives.judge_zip(source, name, allow, budget, depth)
    # a protocol beyond 5 is read by no unpickler: bytes of weights begin so by chance
    if (head[0] == 0x80 and (head[1:2] <= b"\5" or _suffix(name) in _LOADABLE)) or (head[:1] == b"\x95" and _suffix(name) in _LOADABLE):
        return _pickle(source, head, allow, budget)
    if head[:6] == b"\x93NUMPY":
        from troth.formats.npy import read_npy

        return read_npy(source, allow, budget)
    if head[:4] == b"GGUF":
        from troth.formats.gguf import read_gguf

        return read_gguf(source, budget)
    if head[:4] in (b"tjgg", b"lmgg", b"fmgg", b"algg"):
        raise Refusal("old-format", "the predecessor of GGUF, which current loaders no longer read", 0)
    if head[:8] == b"\x89HDF\r\n\x1a\n" or (_suffix(name) in (".h5", ".hdf5", ".keras") and b"\x89HDF\r\n\x1a\n" in head):
        from troth.formats.hdf5 import read_hdf5

        return read_hdf5(source, budget)
    if head[:6] == b"7z\xbc\xaf\x27\x1c":
        return archives.judge_7z(source, name, allow, budget, depth)
    return _other_magic(source, head, name, allow, budget, depth)


def _other_magic(source: Source, head: bytes, name: str, allow: AllowList, budget: Budget, depth: int) -> Judgement | None:
    from troth.formats import archives
    from troth.formats.tarred import looks_like_tar

    codec = unpacking.codec_of(head)
    if codec is not None and (codec not in ("zlib", "lzma") or _expands(source, codec)):
        return archives.judge_compressed(source, name, codec, allow, budget, depth)
    if looks_like_tar(head):
        return archives.judge_tar(source, name, allow, budget, depth)
    if head[4:8] == b"TFL3":
        from troth.formats.tflite import read_tflite

        return read_tflite(source, budget)
    if head[:4] == b"CBM1":
        from troth.formats import libraries

        return libraries.judge_catboost(source)
    closed = next((says for magic, says in _CLOSED.items() if head.startswith(magic)), "a graph of ONNX Runtime's own form" if head[4:8] == b"ORTM" else "")
    if closed:
        raise Refusal("unread-container", f"{closed}; it is not looked into, unpack or export it as a format that is", 0)
    if head[:4] == b"\x7fELF" or head[:2] == b"MZ" or head[:4] in _NATIVE:
        return Judgement("native-code", REFUSED, (Reason("native-code", "a program or shared library, which loading would run", 0),))
    return None


def _expands(source: Source, codec: str) -> bool:
    import zlib

    if codec == "lzma":
        import lzma

        try:
            return bool(lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=256 << 20).decompress(source.head(4096), 16))
        except lzma.LZMAError:
            return source.head(13)[:3] == b"\x5d\0\0"
    try:
        return bool(zlib.decompressobj().decompress(source.head(512), 16))
    except zlib.error:
        return False


def _pickle(source: Source, head: bytes, allow: AllowList, budget: Budget) -> Judgement:
    from troth.formats.stream import read_pickles
    from troth.formats.torch_legacy import MAGIC, read_torch_legacy

    if MAGIC in (head[2:14], head[11:23]):  # behind the frame of protocol 4, where the caller chose it
        return read_torch_legacy(source, allow, budget)
    joblib = b"NumpyArrayWrapper" in head or b"joblib" in head
    found = read_pickles(source, allow, budget, raw_arrays=True)
    used = joblib or "joblib.numpy_pickle.NumpyArrayWrapper" in found.globals
    return found._replace(format="joblib") if used else found


def _without_magic(source: Source, head: bytes, name: str, allow: AllowList, budget: Budget, depth: int) -> Judgement:  # noqa: ARG001
    from troth.formats.safetensors import looks_like_safetensors, read_safetensors

    suffix = _suffix(name)
    if suffix == ".safetensors" or looks_like_safetensors(head):
        return read_safetensors(source, budget)
    if suffix == ".msgpack" or _is_msgpack(head):
        from troth.formats import libraries

        found = libraries.judge_msgpack_or_none(source, budget, sure=suffix == ".msgpack")
        if found is not None:
            return found
    if _is_pickle(source, head, suffix):
        return _pickle(source, head, allow, budget)
    found = _binary(source, head, name, budget)
    if found is not None:
        return found
    return _text(source, head, name, budget)


def _is_pickle(source: Source, head: bytes, suffix: str) -> bool:
    """Whether an unpickler that is given the file would get as far as importing something (or the name says that it is a pickle)."""
    from troth.formats.stream import looks_like_pickle

    if not looks_like_pickle(head) or head[:2] in (b"{\n", b"{ ", b'{"', b"[{", b"[\n", b"{L", b"{}", b"[]"):
        return False
    if suffix in _LOADABLE and not _is_utf8_model(head):
        return True
    if not re.search(_IMPORTS, source.head(65536)) and b"\x93" not in source.head(65536) and not re.search(rb"[\x82\x83\x84]", head):
        return False
    return _skims(source)


def _is_msgpack(head: bytes) -> bool:
    """Whether the first bytes are a map with a text as first key; none with which an unpickler gets beyond its second byte."""
    return len(head) > 2 and (0x81 <= head[0] <= 0x89 or head[0] == 0x8F) and 0xA0 <= head[1] <= 0xBF


def _is_utf8_model(head: bytes) -> bool:
    return head.startswith((b"tree\n", b"<", b"syntax", b"#"))


def _skims(source: Source) -> bool:
    from troth.formats.pickle.machine import Machine

    lexical = ("unknown-opcode", "truncated", "stack-underflow", "odd-stack", "odd-number", "odd-text", "bad-text", "line-too-long", "memo-misuse", "items-of-odd-object", "odd-protocol")
    begin = 0
    for _ in range(_STREAMS):  # torch's old format begins with streams that are a number each
        machine = Machine(source, AllowList(), begin=begin)
        try:
            begin = machine.run()
        except Refusal as refusal:
            if refusal.detail.code == "global-not-allowed" and not machine.asked and not begin and _is_words(source, refusal.detail.name, lexical):
                return False
            imports = bool(machine.asked) or refusal.detail.code not in lexical
            return imports or (refusal.detail.code in ("odd-number", "odd-text") and bool(re.search(_IMPORTS, source.head(65536))))
        if machine.asked or begin >= source.size:
            return bool(machine.asked)
    return True


class _Any(AllowList):
    """Gives every name, to be named only: how far would an unpickler get?"""

    def rule(self, module: str, name: str) -> tuple[str, str] | None:  # noqa: ARG002
        return "type", "libs"


def _is_words(source: Source, name: str, lexical: tuple[str, ...]) -> bool:
    """Lines of words that begin with a `c` (labels, vocabularies): no module of Python's, and nothing is called before an unpickler gives up."""
    import sys

    from troth.formats.pickle.machine import Machine

    if name.partition(".")[0] in sys.stdlib_module_names:
        return False
    try:
        Machine(source, _Any()).run()
    except Refusal as refusal:
        return refusal.detail.code in lexical
    return False


def _binary(source: Source, head: bytes, name: str, budget: Budget) -> Judgement | None:
    from troth.formats import libraries, savedmodel
    from troth.formats.onnx import looks_like_onnx, read_onnx

    suffix = _suffix(name)
    if suffix == ".pb" and (found := savedmodel.read_companion(source, name)) is not None:
        return found
    if suffix == ".onnx" or (head[:1] == b"\x08" and looks_like_onnx(source)):
        return read_onnx(source, budget)
    if suffix in (".pb", ".bytes") and savedmodel.looks_like_graph(source):
        return savedmodel.read_graph(source, budget)
    if head[:1] == b"\x08" or suffix in (".pb", ".mlmodel"):
        if savedmodel.looks_like_saved_model(source) or name_of_saved_model(suffix, head):
            return savedmodel.read_saved_model(source, budget)
        from troth.formats.coreml import looks_like_coreml, read_coreml

        if suffix == ".mlmodel" or looks_like_coreml(source):
            return read_coreml(source, budget)
    from troth.formats.sentencepiece import looks_like_sentencepiece, read_sentencepiece

    if looks_like_sentencepiece(source):
        return read_sentencepiece(source, budget)
    if suffix == ".ubj" or (head[:2] == b"{L" and b"learner" in head):
        return libraries.judge_ubjson(source, budget)
    return None


def name_of_saved_model(suffix: str, head: bytes) -> bool:
    """Whether a `.pb` file must be read as a SavedModel, although it did not look like one."""
    return suffix == ".pb" and head[:2] == b"\x08\x01"


def _text(source: Source, head: bytes, name: str, budget: Budget) -> Judgement:
    from troth.formats import libraries, structured
    from troth.formats.templates import check_template, is_page

    suffix = _suffix(name)
    if suffix in (".jinja", ".jinja2", ".j2"):
        text = source.whole(budget.text).decode("utf-8", "replace")
        check_template(text, name)
        return Judgement("text", NOT_A_MODEL) if is_page(text, name) else Judgement("chat-template", INERT)
    if head.startswith(b"tree\n") or b"\ntree_sizes=" in head:
        return libraries.judge_lightgbm(source, budget)
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") and re.match(r"\s*<", structured.decoded(head[:1022])):
        return libraries.judge_xml(source, budget)
    if head[:2] in (b"<\0", b"\0<"):
        silent = head[:1022].decode("utf-16-le" if head[:1] == b"<" else "utf-16-be", "replace")
        if re.match(r"<\s*[?!A-Za-z]", silent):
            raise Refusal("xml-entities", "an encoding that is not announced, which some readers find and others do not", 0)
    if b"\0" in head and not (suffix in (".yaml", ".yml") and head[:2] in (b"\xff\xfe", b"\xfe\xff")):
        return Judgement("unknown", NOT_A_MODEL)
    return _prose(source, head, name, budget)


def _prose(source: Source, head: bytes, name: str, budget: Budget) -> Judgement:
    """Text without a zero byte: settings, XML, cards, code."""
    from troth.formats import libraries, structured

    suffix, start = _suffix(name), head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:1] in (b"{", b"[") and suffix not in (".yaml", ".yml", ".py", ".md", ".txt", ".toml", ".cfg", ".ini"):
        return structured.judge_json(source.whole(budget.text), name)
    if start[:1] == b"<":
        return libraries.judge_xml(source, budget)
    if suffix in (".pbtxt", ".prototxt"):
        from troth.formats.protobuf_text import judge_text

        return judge_text(source.whole(budget.text).decode("utf-8", "replace"))
    if suffix in (".md", ".markdown"):
        return _card(source.whole(budget.text), name)
    if suffix in (".yaml", ".yml") or name in ("MLmodel",) or start.startswith((b"artifact_path:", b"flavors:", b"---\n", b"!!python")):
        return structured.judge_yaml(source.whole(budget.text), name)
    if name in _MODULES and not re.fullmatch(_MODULES[name], source.head(256)):
        raise Refusal("custom-code", "the loader imports the module that this file names", 0, name[:200])
    if suffix not in _WRITINGS and re.search(rb"(?m)^[^#'\"\n]*!!python/(?:object|name|module)[/:]", source.head(1 << 18)):
        return structured.judge_yaml(source.whole(budget.text), name)
    if suffix == ".py" and is_model_code(source, name):
        raise Refusal("custom-code", "code that comes with a model; loading with remote code runs it", 0, name[:200])
    return Judgement("text", NOT_A_MODEL)


def _card(data: bytes, name: str) -> Judgement:
    """A model card: the YAML between its fences is what loaders read; the rest is prose."""
    from troth.formats import structured

    front = re.match(rb"(?:\xef\xbb\xbf)?---[ \t]*\r?\n(.*?)^(?:---|\.\.\.)[ \t]*\r?$", data, re.DOTALL | re.MULTILINE)
    return structured.judge_yaml(front[1], name) if front is not None else Judgement("text", NOT_A_MODEL)


_NAMED = re.compile(r"(?:modeling|configuration|tokenization|processing|image_processing|feature_extraction|custom_generate)(?:_.*)?\.py\Z")
_MAYBE = re.compile(r"(?:handler|pipeline|generate)(?:_.*)?\.py\Z|hubconf\.py\Z")
"""Names that loaders import, and that any program may have for other reasons: what they define decides."""
_DEFINES = re.compile(
    rb"^class (?:EndpointHandler\b|\w+\([^)]*\b(?:BaseHandler|\w*Pipeline)\b)|^def (?:handle|inference)\([^)]*\bcontext\b|^dependencies\s*=|^def generate\(\s*model\b|\b(?:torch|transformers|diffusers|torch_handler|BaseHandler)\b",
    re.MULTILINE,
)


def is_model_code(source: Source, name: str) -> bool:
    """Whether a Python file is one that a model loader imports (`modeling_*.py`, a class of transformers)."""
    if _NAMED.match(name):
        return True
    data = source.head(1 << 20)
    if _MAYBE.match(name) and _DEFINES.search(data):
        return True
    return bool(re.search(rb"\b(?:PreTrainedModel|PretrainedConfig|PreTrainedTokenizer\w*|DiffusionPipeline|BaseHandler)\b", data) and re.search(_CODE, data))
