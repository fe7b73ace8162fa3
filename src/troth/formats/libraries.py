"""Files of single libraries: skops schemas, MLflow's MLmodel, LightGBM text, XGBoost UBJSON, CatBoost, PMML and OpenVINO XML, flax msgpack."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from troth.formats.pickle.allow import AllowList
from troth.formats.source import Source
from troth.formats.verdict import INERT, NOT_A_MODEL, Budget, Judgement, Refusal

__all__ = ["check_lightgbm", "judge_lightgbm", "judge_mlmodel", "judge_msgpack", "judge_msgpack_or_none", "judge_skops_schema", "judge_ubjson", "judge_xml"]

_SKOPS_NODES = frozenset(
    ["ObjectNode", "DictNode", "ListNode", "TupleNode", "SetNode", "JsonNode", "NdArrayNode", "TypeNode", "FunctionNode", "SliceNode", "BytesNode", "BytearrayNode", "RandomStateNode", "RandomGeneratorNode", "DefaultDictNode", "OrderedDictNode", "DatetimeNode", "SparseMatrixNode", "MaskedArrayNode", "TreeNode", "CythonNode", "SGDNode", "LossNode", "KDTreeNode", "BallTreeNode", "DTypeNode", "NumpyDtypeNode", "PartialNode", "BunchNode", "NoneTypeNode"]
)
_BUILTINS = frozenset(("builtins", "collections", "numpy", "datetime", "scipy.sparse", "__main__.none"))
_PLAIN = frozenset(["dict", "list", "tuple", "set", "frozenset", "str", "int", "float", "bool", "bytes", "bytearray", "NoneType", "slice", "type", "OrderedDict", "defaultdict", "complex", "range"])
_LOADERS = re.compile(
    r"mlflow\.(?:sklearn|pytorch|tensorflow|keras|xgboost|lightgbm|catboost|onnx|spacy|statsmodels|prophet|pmdarima|diviner|fastai|h2o|paddle|spark|"
    r"sentence_transformers|transformers|pyfunc\.model|pyfunc\.loaders\.chat_model)\Z"
)


def judge_skops_schema(schema: dict[str, object]) -> Judgement:
    """Every type of a skops schema must be on the allow-list that pickles are held to."""
    allow, todo, seen = AllowList(), [schema], 0
    while todo:
        node = todo.pop()
        seen += 1
        for inner in node.values():
            if isinstance(inner, dict):
                todo.append(inner)
            elif isinstance(inner, list):
                todo.extend(item for item in inner if isinstance(item, dict))
        loader = node.get("__loader__")
        if loader is None:
            continue
        module, name = str(node.get("__module__")), str(node.get("__class__"))
        known = allow.rule(module, name) is not None or (module in _BUILTINS and (name in _PLAIN or module != "builtins")) or _scalar(module, name)
        content = node.get("content")
        if loader == "FunctionNode" and isinstance(content, dict):
            module, name = str(content.get("module_path")), str(content.get("function"))
            known = (allow.rule(module, name) or ("", ""))[0] == "function"
        if loader not in _SKOPS_NODES or not known:
            raise Refusal("global-not-allowed", f"loading would use {module}.{name} through {str(loader)[:60]}", None, f"{module}.{name}"[:200])
    return Judgement("skops", INERT)


def _scalar(module: str, name: str) -> bool:
    return module.split(".", 1)[0] == "numpy" and name in ("ndarray", "dtype", "RandomState", "Generator", "float64", "float32", "int64", "int32", "bool_", "MaskedArray", "matrix")


def judge_mlmodel(value: dict[str, object]) -> Judgement:
    """MLflow's description of a model: which module loads it, and whether code lies beside it."""
    flavors = value.get("flavors")
    if not isinstance(flavors, dict):
        return Judgement("mlflow", NOT_A_MODEL)
    for flavor, settings in flavors.items():
        if not isinstance(settings, dict):
            continue
        for key in ("code", "model_code_path", "model_script", "code_paths"):
            if settings.get(key):
                raise Refusal("custom-code", f"the flavour {flavor} puts its folder {str(settings[key])[:80]!r} on the import path", None, f"{flavor}.{key}"[:200])
        loader = settings.get("loader_module")
        if loader is not None and not _LOADERS.match(str(loader)):
            raise Refusal("custom-code", f"the model is loaded by {str(loader)[:120]!r}", None, str(loader)[:200])
        for key, inner in _paths(settings):
            if ".." in inner.replace("\\", "/").split("/") or inner.startswith(("/", "~", "file:", "http:", "ftp:")) or (key in _PLACES and "://" in inner):
                raise Refusal("foreign-path", f"{flavor}.{key} reaches outside of the model", None, inner[:200])
    return Judgement("mlflow", INERT)


_PLACES: Final = frozenset(("data", "path", "model_path", "pickled_model", "model_data", "model_binary", "python_model", "model_file", "state_dict"))


def _paths(settings: dict[str, object]) -> list[tuple[str, str]]:
    """Texts of a flavour, and the paths of what it lists below (`artifacts.x.path`; `uri` says only where a thing came from)."""
    found, todo = [(key, inner) for key, inner in settings.items() if isinstance(inner, str)], [inner for inner in settings.values() if isinstance(inner, dict)]
    while todo:
        for key, inner in todo.pop().items():
            if isinstance(inner, dict):
                todo.append(inner)
            elif isinstance(inner, str) and key in _PLACES:
                found.append((str(key), inner))
    return found


def judge_lightgbm(source: Source, budget: Budget) -> Judgement:
    """LightGBM's text: lines of keys and numbers, parsed by the library's own reader."""
    check_lightgbm(source.whole(budget.text, "text"))
    return Judgement("lightgbm", INERT)


def check_lightgbm(text: bytes) -> None:
    """Refuse text that the library does not write, or whose trees lie about their arrays."""
    lines = text.split(b"\n")
    allowed = re.compile(rb"[\t\r\x20-\xff]*\Z")
    for number, line in enumerate(lines, start=1):
        if not allowed.match(line):
            raise Refusal("lightgbm", f"line {number} is none that the library writes", sum(len(part) + 1 for part in lines[: number - 1]))
    _trees(lines)


_LEAVES: Final = 1 << 20


def _trees(lines: list[bytes]) -> None:
    """The arrays of each tree: as long as the number of leaves says, with children that are there (the library's reader trusts them)."""
    features, tree = -1, ""
    values: dict[bytes, bytes] = {}
    for line in [*lines, b"Tree="]:
        key, mark, value = line.strip().partition(b"=")
        if key == b"max_feature_idx" and not tree:
            features = int(value) if value.isdigit() else -1
        if key in (b"Tree", b"end of trees") or not (mark or line):
            if tree and b"num_leaves" in values:
                _tree(tree, values, features)
            tree, values = (value.decode("ascii", "replace")[:20] or "?") if key == b"Tree" else tree if not line else "", {} if key else values
        elif tree:
            values[key] = value


def _tree(tree: str, values: dict[bytes, bytes], features: int) -> None:
    try:
        leaves = int(values[b"num_leaves"])
        numbers = {key: [int(item) for item in values.get(key, b"").split()] for key in (b"split_feature", b"left_child", b"right_child")}
    except ValueError as error:
        raise Refusal("lightgbm", f"tree {tree} holds numbers that are none", None, tree) from error
    counts = {len(items) for items in numbers.values()} | {len(values.get(b"leaf_value", b"").split()) - 1}
    if not 1 <= leaves <= _LEAVES or counts != {leaves - 1}:
        raise Refusal("lightgbm", f"tree {tree} has arrays that are not as long as its {leaves} leaves say", None, tree)
    _categories(tree, values, leaves)
    _linear(tree, values, leaves, features)
    if not _is_tree(dict(enumerate(zip(numbers[b"left_child"], numbers[b"right_child"], strict=True)))):
        raise Refusal("lightgbm", f"tree {tree} leads back into itself", None, tree)
    children = [*numbers[b"left_child"], *numbers[b"right_child"]]
    if any(not -leaves <= child < leaves - 1 for child in children) or any(not 0 <= item <= max(features, 0) for item in numbers[b"split_feature"]):
        raise Refusal("lightgbm", f"tree {tree} names a child or a feature that is not there", None, tree)


def _is_tree(children: dict[int, tuple[int, int]]) -> bool:
    """Whether no path from the root meets a node twice (leaves are negative)."""
    seen: set[int] = set()
    todo = [0] if children else []
    while todo:
        node = todo.pop()
        if node in seen:
            return False
        seen.add(node)
        todo.extend(child for child in children.get(node, ()) if child >= 0)
    return True


def _numbers(tree: str, values: dict[bytes, bytes], key: bytes) -> list[int]:
    try:
        return [int(float(item)) for item in values.get(key, b"").split()]
    except (ValueError, OverflowError) as error:
        raise Refusal("lightgbm", f"tree {tree} holds numbers that are none", None, tree) from error


def _categories(tree: str, values: dict[bytes, bytes], leaves: int) -> None:
    """A node of categories names, in the place of its threshold, a part of the words of bits, which its library takes as it is."""
    kinds = _numbers(tree, values, b"decision_type")
    count = sum(_numbers(tree, values, b"num_cat")[:1])
    if not any(kind & 1 for kind in kinds) and not count:
        return
    bounds, words, places = _numbers(tree, values, b"cat_boundaries"), _numbers(tree, values, b"cat_threshold"), _numbers(tree, values, b"threshold")
    rising = all(left <= right for left, right in pairwise(bounds))
    fits = len(bounds) == count + 1 and rising and bounds[0] == 0 and bounds[-1] == len(words)
    if len(kinds) != leaves - 1 or len(places) != leaves - 1 or not fits or any(kind & 1 and not 0 <= place < count for kind, place in zip(kinds, places, strict=True)):
        raise Refusal("lightgbm", f"tree {tree} names categories that are not there", None, tree)


def _linear(tree: str, values: dict[bytes, bytes], leaves: int, features: int) -> None:
    """A linear leaf names its features."""
    if sum(_numbers(tree, values, b"is_linear")[:1]) == 0:
        return
    counts, named = _numbers(tree, values, b"num_features"), _numbers(tree, values, b"leaf_features")
    same = len(counts) == leaves and min(counts) >= 0 and sum(counts) == len(named) == len(values.get(b"leaf_coeff", b"").split())
    if not same or any(not 0 <= item <= max(features, 0) for item in named):
        raise Refusal("lightgbm", f"tree {tree} has linear leaves with features that are not there", None, tree)


def judge_catboost(source: Source) -> Judgement:
    """CatBoost's own form: a magic, the length of its flatbuffer, and a root inside of it; the library verifies the buffer itself."""
    head = source.head(12)
    size, root = int.from_bytes(head[4:8], "little"), int.from_bytes(head[8:12], "little")
    if len(head) < 12 or size + 8 > source.size or not 4 <= root < size:
        raise Refusal("catboost", "a length or a root that does not lie in the file", 4)
    return Judgement("catboost", INERT)


def _uncommented(text: str) -> str:
    """The text without comments and instructions, in one pass: an expression that looks for the end of each again takes quadratic time."""
    kept, at = [], 0
    while (start := min((place for place in (text.find("<!--", at), text.find("<?", at)) if place >= 0), default=-1)) >= 0:
        end = text.find("-->" if text.startswith("<!--", start) else "?>", start + 2)
        if end < 0:
            raise Refusal("xml-entities", "a comment or an instruction that does not end", start)
        kept.append(text[at:start])
        at = end + 2
        if len(kept) > 100_000:
            raise Refusal("budget-members", "more than 100000 comments and instructions", start)
    return "".join([*kept, text[at:]])


def judge_xml(source: Source, budget: Budget) -> Judgement:
    """PMML and OpenVINO: no document type, no entities, no foreign includes, no calls into Java or extensions."""
    from troth.formats.structured import decoded

    text = decoded(source.whole(budget.text, "text"))
    encoding = re.match(r"\s*<\?xml[^>]{0,200}?\bencoding\s*=\s*[\"']([^\"']*)[\"']", text)
    if encoding is not None and not re.fullmatch(r"(?i)utf-?(?:8|16)|us-ascii|ascii|iso-8859-\d{1,2}|windows-125\d|latin-?1", encoding[1]):
        raise Refusal("xml-entities", f"an encoding in which readers see other text: {encoding[1][:40]!r}", encoding.start(1))
    if re.search(r"<!DOCTYPE|<!ENTITY", text, re.IGNORECASE):
        raise Refusal("xml-entities", "a document type or entities, which parsers expand or fetch", text.upper().find("<!"))
    if re.search(r"<\s*(?:xi:include|xsl:|\?xml-stylesheet)|/XInclude\b|/XSL/Transform\b", text, re.IGNORECASE):
        raise Refusal("xml-include", "an include or a style sheet, which parsers fetch", None)
    long = re.search(r"<\s{0,9}(?:[\w.-]{1,60}:)?(?:layer|Apply|Extension)\b[^<>]{2000}", text)
    if long is not None:
        raise Refusal("budget-text", "an element whose attributes take more than 2000 characters", long.start())
    root = re.search(r"<\s*(?:[\w.-]+:)?([A-Za-z_][\w.-]*)", _uncommented(text))
    name = root[1] if root else ""
    if name == "PMML":
        call = re.search(rf"<\s{{0,9}}{_PREFIX}Apply\b{_ATTRIBUTES}?\bfunction\s*=\s*[\"']([^\"']*[.:;(][^\"']*)[\"']", text) or re.search(rf"<\s{{0,9}}{_PREFIX}Extension\b{_ATTRIBUTES}?\b(?:value|name)\s*=\s*[\"']([^\"']*(?:java\.|Runtime|ScriptEngine|exec)[^\"']*)", text)
        call = call or re.search(r"\b(java(?:x?)\.[a-z]+\.[A-Za-z.]+|ScriptEngine\w*)", text)
        if call is not None:
            raise Refusal("custom-code", f"the function {call[1][:80]!r} is code outside of the standard", call.start(), call[1][:200])
        return Judgement("pmml", INERT)
    if name == "net":
        return _openvino(text)
    return Judgement("xml", NOT_A_MODEL)


_PREFIX: Final = r"(?:[\w.-]{1,60}:)?"
_ATTRIBUTES: Final = r"(?:[^<>\"']|\"[^\"<]{0,2000}\"|'[^'<]{0,2000}'){0,2000}"
"""Of one element; a value may hold `>`, which ends no element there."""


def _openvino(text: str) -> Judgement:
    for found in re.finditer(rf"<\s{{0,9}}{_PREFIX}layer\b{_ATTRIBUTES}>", text):
        version = re.search(r"\bversion\s*=\s*[\"']([^\"']*)[\"']", found[0])
        if version is not None and not re.fullmatch(r"opset\d{1,2}", version[1]):
            raise Refusal("custom-operator", f"a layer of the set {version[1][:60]!r}, which an extension library brings", found.start(), version[1][:200])
    path = re.search(r"[\"']([^\"']*(?:\.\.[\\/]|\.so\b|\.dll\b)[^\"']*)[\"']", text)
    if path is not None:
        raise Refusal("foreign-path", "a path out of the model, or a shared library", path.start(), path[1][:200])
    size = re.search(r"\bsize\s*=\s*[\"'](\d{13,})[\"']", text)
    if size is not None:
        raise Refusal("tensor-bounds", "a constant larger than any file", size.start())
    return Judgement("openvino", INERT)


def judge_ubjson(source: Source, budget: Budget) -> Judgement:
    """XGBoost's binary JSON: objects, arrays, numbers and texts within the file."""
    data = source.whole(budget.text, "model")
    from troth.formats.boosted import check_trees
    from troth.formats.ubjson import check, load

    check(data)
    check_trees(load(data))
    return Judgement("xgboost-ubj", INERT)


def judge_msgpack_or_none(source: Source, budget: Budget, sure: bool) -> Judgement | None:
    """As `judge_msgpack`; where the name does not promise the format, what is not whole is None."""
    try:
        return judge_msgpack(source, budget)
    except Refusal:
        if sure:
            raise
        return None


def judge_msgpack(source: Source, budget: Budget) -> Judgement:
    """flax: maps of texts to arrays, whose bytes match their shape."""
    from troth.formats.msgpacked import check

    memory, tensors = check(source.whole(budget.text, "model"))
    return Judgement("flax-msgpack", INERT, (), memory, tensors)
