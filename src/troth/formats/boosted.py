"""Trees of XGBoost's JSON and UBJSON models: arrays as long as the number of nodes says, with children, parents and features that are there.

The library's reader checks little of this, and walks by these numbers.
"""

from __future__ import annotations

from typing import Final

from troth.formats.verdict import Refusal

__all__ = ["check_trees"]

_ROOT: Final = (1 << 31) - 1
_ARRAYS: Final = ("left_children", "right_children", "parents", "split_indices", "split_conditions")
_DEEP: Final = 6
_NODES: Final = 1 << 26


def check_trees(model: dict[str, object]) -> None:
    """Refuse a model whose trees name what is not there.

    Args:
        model: the object of the file, arrays as lists (or sequences) of numbers.

    Raises:
        Refusal: with the tree's number.
    """
    for number, tree in enumerate(_trees(model.get("learner"), 0)):
        _tree(number, tree)
    _ensembles(model.get("learner"), _groups(model.get("learner")), 0)
    _linear(model.get("learner"))


def _groups(learner: object) -> int:
    """How many outputs the model has: classes or targets."""
    settings = learner.get("learner_model_param") if isinstance(learner, dict) else None
    return max(1, *(_number(settings.get(key)) for key in ("num_class", "num_target"))) if isinstance(settings, dict) else 1


def _ensembles(value: object, groups: int, depth: int) -> None:
    """Each tree belongs to an output that is there, and iterations to trees that are there."""
    if not isinstance(value, dict) or depth > _DEEP:
        return
    trees = value.get("trees")
    if isinstance(trees, list):
        owners, rounds = value.get("tree_info", ()), value.get("iteration_indptr", ())
        if not isinstance(owners, (list, tuple)) or len(owners) > len(trees) or any(type(item) is not int or not 0 <= item < groups for item in owners):
            raise Refusal("xgboost", "trees of an output that is not there", None, "tree_info")
        if not isinstance(rounds, (list, tuple)) or any(type(item) is not int or not 0 <= item <= len(trees) for item in rounds) or list(rounds) != sorted(rounds):
            raise Refusal("xgboost", "iterations over trees that are not there", None, "iteration_indptr")
    for key, inner in value.items():
        if key != "trees":
            _ensembles(inner, groups, depth + 1)


def _trees(value: object, depth: int) -> list[dict[str, object]]:
    """Every object under `trees`, wherever boosters (gbtree, dart) keep it."""
    if not isinstance(value, dict) or depth > 6:
        return []
    own = value.get("trees")
    found = list(own) if isinstance(own, list) else []
    if own is not None and (not isinstance(own, list) or not all(isinstance(tree, dict) for tree in found)):
        raise Refusal("xgboost", "trees that are not a list of objects")
    for key, inner in value.items():
        if key != "trees":
            found += _trees(inner, depth + 1)
    return found


def _number(value: object) -> int:
    text = str(value)
    return int(text) if text.isdigit() and len(text) < 12 else -1


def _tree(number: int, tree: dict[str, object]) -> None:
    settings = tree.get("tree_param")
    nodes = _number(settings.get("num_nodes")) if isinstance(settings, dict) else -1
    features = _number(settings.get("num_feature")) if isinstance(settings, dict) else -1
    arrays = {name: tree.get(name) for name in _ARRAYS}
    if not 1 <= nodes <= _NODES or features < 0 or not all(hasattr(items, "__len__") and len(items) == nodes for items in arrays.values()):  # type: ignore[arg-type]
        raise Refusal("xgboost", f"tree {number} has arrays that are not as long as its {nodes} nodes say", None, str(number))
    _categories(number, tree, nodes)
    _rooted(number, tree)
    for name, low, high in (("left_children", -1, nodes), ("right_children", -1, nodes), ("parents", -1, nodes), ("split_indices", 0, max(features, 1))):
        items = arrays[name]
        if not isinstance(items, (list, tuple, memoryview)) or any(type(item) is not int or not (low <= item < high or (name == "parents" and item == _ROOT)) for item in items):
            raise Refusal("xgboost", f"tree {number} names in {name} what is not there", None, str(number))


def _categories(number: int, tree: dict[str, object], nodes: int) -> None:
    """Nodes of categories: each has a run of the list of categories."""
    parts = [tree.get(f"categories{name}", ()) for name in ("", "_nodes", "_segments", "_sizes")]
    if not all(isinstance(part, (list, tuple)) and all(type(item) is int for item in part) for part in parts):
        raise Refusal("xgboost", f"tree {number} has categories that are no numbers", None, str(number))
    held, owners, starts, sizes = (list(part) for part in parts if isinstance(part, (list, tuple)))
    fits = len(owners) == len(starts) == len(sizes) and all(0 <= owner < nodes for owner in owners) and all(0 <= start <= start + size <= len(held) for start, size in zip(starts, sizes, strict=True))
    if not fits or any(not 0 <= item < _NODES for item in held) or owners != sorted(owners):
        raise Refusal("xgboost", f"tree {number} names categories that are not there", None, str(number))


def _rooted(number: int, tree: dict[str, object]) -> None:
    """No path from the root meets a node twice."""
    left, right = tree.get("left_children"), tree.get("right_children")
    seen: set[int] = set()
    todo = [0]
    while todo and isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        node = todo.pop()
        if node in seen:
            raise Refusal("xgboost", f"tree {number} leads back into itself", None, str(number))
        seen.add(node)
        if left[node] == -1:
            continue  # a leaf; with several outputs its right child is the number of its values
        todo += [child for child in (left[node], right[node]) if type(child) is int and 0 <= child < len(left)]


def _linear(learner: object) -> None:
    """A linear booster has a weight for every feature, and one more, of every output."""
    booster = learner.get("gradient_booster") if isinstance(learner, dict) else None
    if not isinstance(learner, dict) or not isinstance(booster, dict) or booster.get("name") != "gblinear":
        return
    model, settings = booster.get("model"), learner.get("learner_model_param")
    weights = model.get("weights") if isinstance(model, dict) else None
    features = _number(settings.get("num_feature")) if isinstance(settings, dict) else -1
    if not isinstance(weights, (list, tuple)) or len(weights) != (features + 1) * _groups(learner):
        raise Refusal("xgboost", "a linear booster without a weight for every feature", None, "weights")
