"""Ordinary files that were refused once, or whose hostile twins are in `hostile_more`: schedulers, lazy modules, generators, hulls, texts, tokenizers, settings."""

from __future__ import annotations

import json
import pickle
import warnings
from pathlib import Path

from tests.attacks.models.corpus import benign

warnings.filterwarnings("ignore")

SCHEDULERS = {
    "StepLR": (2,), "MultiStepLR": ([1, 2],), "ConstantLR": (), "LinearLR": (), "ExponentialLR": (0.9,), "CosineAnnealingLR": (5,), "PolynomialLR": (), "OneCycleLR": (0.1, 10), "CyclicLR": (0.1, 0.2), "CosineAnnealingWarmRestarts": (2,), "ReduceLROnPlateau": (),
}  # fmt: skip
for kind, arguments in SCHEDULERS.items():

    @benign(f"schedulers/{kind}.pt", "torch")
    def _scheduler(path: Path, kind=kind, arguments=arguments) -> None:
        import torch

        optimizer = torch.optim.SGD(torch.nn.Linear(2, 2).parameters(), lr=0.1, momentum=0.9)
        made = getattr(torch.optim.lr_scheduler, kind)(optimizer, *arguments)
        torch.save({"object": made, "state": made.state_dict()}, path)


def _torch_objects() -> dict[str, object]:
    import torch
    from torch import nn

    optimizer = torch.optim.SGD(nn.Linear(2, 2).parameters(), lr=0.1, momentum=0.9)
    rates = torch.optim.lr_scheduler
    return {
        "cyclic_exponential": rates.CyclicLR(optimizer, 0.1, 0.2, mode="exp_range"), "cyclic_triangular2": rates.CyclicLR(optimizer, 0.1, 0.2, mode="triangular2"), "sequential": rates.SequentialLR(optimizer, [rates.ConstantLR(optimizer), rates.ExponentialLR(optimizer, 0.9)], [2]),
        "chained": rates.ChainedScheduler([rates.ConstantLR(optimizer), rates.ExponentialLR(optimizer, 0.9)]), "swa": torch.optim.swa_utils.SWALR(optimizer, 0.1), "swa_linear": torch.optim.swa_utils.SWALR(optimizer, 0.1, anneal_strategy="linear"), "scaler": torch.amp.GradScaler("cpu"), "generator": torch.Generator().manual_seed(5),
        "lazy_linear": nn.LazyLinear(3), "lazy_stack": nn.Sequential(nn.LazyConv2d(3, 3), nn.LazyBatchNorm2d(), nn.LazyConvTranspose1d(2, 2)), "lazy_state": nn.LazyLinear(3).state_dict(), "uninitialized": [nn.UninitializedParameter(), nn.UninitializedBuffer()],
        "subset": torch.utils.data.Subset(torch.utils.data.TensorDataset(torch.ones(3)), [0]), "states": {"torch": torch.get_rng_state()},
    }  # fmt: skip


for thing in "cyclic_exponential cyclic_triangular2 sequential chained swa swa_linear scaler generator lazy_linear lazy_stack lazy_state uninitialized subset states".split():  # noqa: SIM905

    @benign(f"newer/{thing}.pt", "torch")
    def _object(path: Path, thing=thing) -> None:
        import torch

        torch.save(_torch_objects()[thing], path)


def _scientific() -> dict[str, object]:
    import numpy as np
    from scipy import interpolate, signal, spatial, stats

    points = np.random.RandomState(0).rand(12, 2)
    return {
        "delaunay": spatial.Delaunay(points), "hull": spatial.ConvexHull(points), "voronoi": spatial.Voronoi(points), "linear_nd": interpolate.LinearNDInterpolator(points, points[:, 0]), "system": signal.lti([1], [1, 2]), "multivariate": stats.multivariate_normal([0, 0]),
        "kde": stats.gaussian_kde(points[:, 0]), "grid": interpolate.RegularGridInterpolator(([1, 2], [1, 2]), np.ones((2, 2))), "spline": interpolate.UnivariateSpline(np.arange(9.0), np.arange(9.0)),
    }  # fmt: skip


for thing in "delaunay hull voronoi linear_nd system multivariate kde grid spline".split():  # noqa: SIM905

    @benign(f"newer/{thing}.pkl", "scipy", "numpy")
    def _science(path: Path, thing=thing) -> None:
        path.write_bytes(pickle.dumps(_scientific()[thing]))


@benign("newer/interp1d.pkl", "scipy")
def _interp1d(path: Path) -> None:
    from scipy import interpolate

    path.write_bytes(pickle.dumps(interpolate.interp1d([1, 2, 3], [1, 2, 3]), 3))


@benign("newer/texts.pkl", "numpy")
def _texts(path: Path) -> None:
    import numpy as np

    kinds = np.dtypes.StringDType(), np.dtypes.StringDType(na_object=np.nan)
    path.write_bytes(pickle.dumps([np.array(["a", "bb"], dtype=kind) for kind in kinds]))


@benign("newer/texts.npy", "numpy")
def _text_file(path: Path) -> None:
    import numpy as np

    np.save(path, np.array(["a", "bb"], dtype=np.dtypes.StringDType()), allow_pickle=True)


def _words() -> object:
    from tokenizers import Tokenizer, models, pre_tokenizers

    made = Tokenizer(models.WordLevel({"a": 0, "[UNK]": 1}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return made


@benign("newer/tokenizer.pkl", "tokenizers")
def _tokenizer(path: Path) -> None:
    path.write_bytes(pickle.dumps(_words()))


@benign("newer/fast_tokenizer.pkl", "tokenizers", "transformers")
def _fast(path: Path) -> None:
    from transformers import BatchEncoding, PreTrainedTokenizerFast

    path.write_bytes(pickle.dumps([PreTrainedTokenizerFast(tokenizer_object=_words(), unk_token="[UNK]"), BatchEncoding({"input_ids": [1, 2]})]))


@benign("saved/variables/variables.data-00000-of-00001")
def _variables(path: Path) -> None:
    path.write_bytes(b"\x80\x13\x05\x3e" * 64)  # floats, whose first byte is that of a pickle by chance


@benign("boosting/more.txt", "lightgbm", "numpy")
def _boosted(path: Path) -> None:
    import lightgbm
    import numpy as np

    x = np.random.RandomState(0).rand(300, 3)
    lightgbm.train({"verbose": -1, "min_data_in_leaf": 2}, lightgbm.Dataset(x, x[:, 0] * x[:, 1]), 5).save_model(str(path))


@benign("boosting/more.cbm", "catboost", "numpy")
def _cat(path: Path) -> None:
    import catboost
    import numpy as np

    x = np.random.RandomState(0).rand(40, 3)
    catboost.CatBoostClassifier(iterations=3, verbose=0, allow_writing_files=False).fit(x, np.arange(40) % 2).save_model(str(path))


for name, settings in {
    "attention/config.json": {"model_type": "llama", "attn_implementation": "flash_attention_2", "_attn_implementation": None}, "pipeline/model_index.json": {"_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.30", "unet": ["diffusers", "UNet2DConditionModel"]}, "trust/config.json": {"model_type": "x", "trust_remote_code": False},
    "parts/modules.json": [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}, {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}],
}.items():  # fmt: skip

    @benign(f"beside/{name}")
    def _settings(path: Path, settings=settings) -> None:
        path.write_text(json.dumps(settings))
