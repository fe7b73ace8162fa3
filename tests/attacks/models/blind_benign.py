"""Ordinary files of torch that were written before the code had run on them: what training loops, hubs and trainers save, whole and in parts."""

from __future__ import annotations

import argparse
import collections
import datetime
import decimal
import pathlib
import pickle
import random
import types
import uuid
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.attacks.models.corpus import benign

warnings.filterwarnings("ignore")


def _trained() -> tuple[Any, Any, Any]:
    """A net after two steps, its optimizer and its schedule."""
    import torch

    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.BatchNorm1d(8), torch.nn.Linear(8, 2))
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 5)
    for _ in range(2):
        optimizer.zero_grad()
        net(torch.rand(6, 4)).sum().backward()
        optimizer.step()
        schedule.step()
    return net, optimizer, schedule


def _states() -> dict[str, object]:
    import numpy as np
    import torch

    return {"python": random.Random(1).getstate(), "numpy": np.random.RandomState(1).get_state(), "torch": torch.get_rng_state(), "generator": np.random.default_rng(3).bit_generator.state}


def _training() -> object:
    import numpy as np

    net, optimizer, schedule = _trained()
    arguments = argparse.Namespace(lr=0.1, data="x", epochs=3, gpu=None, out=pathlib.PurePosixPath("runs/1"), when=datetime.datetime(2024, 5, 1))
    return {"epoch": 3, "arch": "mlp", "state_dict": net.state_dict(), "optimizer": optimizer.state_dict(), "scheduler": schedule.state_dict(), "best_acc1": np.float64(0.9), "args": arguments, "rng": _states()}


def _containers() -> object:
    import torch

    groups = collections.defaultdict(list, {"loss": [1.0, 0.5]})
    counts = collections.defaultdict(int, {"a": 1})
    nested = collections.defaultdict(dict, {"a": {"b": torch.ones(1)}})
    return {"groups": groups, "counts": counts, "nested": nested, "floats": collections.defaultdict(float, a=1.0), "seen": collections.Counter("abca"), "last": collections.deque([1.0, 2.0], maxlen=5), "ordered": collections.OrderedDict(a=collections.OrderedDict(b=1)), "sets": {1, 2}, "frozen": frozenset("ab"), "none": None, "slice": slice(0, 3), "range": range(4), "bytes": b"abc", "array": bytearray(b"x"), "complex": 1 + 2j}


def _values() -> object:
    import torch

    return {"path": pathlib.PosixPath("/tmp/x"), "pure": pathlib.PureWindowsPath("C:/x"), "now": datetime.datetime(2024, 1, 2, tzinfo=datetime.UTC), "day": datetime.date(2024, 1, 2), "span": datetime.timedelta(3), "id": uuid.UUID(int=5), "price": decimal.Decimal("1.5"), "dtype": torch.float16, "device": torch.device("cuda:1"), "size": torch.Size([1, 2]), "layout": torch.strided}


def _dtypes() -> object:
    import torch

    names = "float64 float32 float16 bfloat16 int64 int32 int16 int8 uint8 bool complex64 complex128 float8_e4m3fn float8_e5m2 uint16 uint32".split()  # noqa: SIM905
    return {name: torch.zeros(3, dtype=getattr(torch, name)) for name in names}


def _views() -> object:
    import torch

    base = torch.arange(24.0).reshape(4, 6)
    return {"base": base, "row": base[1], "column": base[:, 2], "transposed": base.t(), "strided": base[::2, ::3], "expanded": torch.ones(1).expand(5), "empty": base[:0], "scalar": torch.tensor(3.0), "permuted": torch.ones(2, 3, 4).permute(2, 0, 1), "same": base, "last": torch.ones(2, 3, 4, 5).to(memory_format=torch.channels_last)}


def _sparse() -> object:
    import torch

    dense = torch.eye(4)
    return {"coo": dense.to_sparse(), "csr": dense.to_sparse_csr(), "csc": dense.to_sparse_csc()}


def _nets() -> dict[str, object]:
    import torch
    from torch import nn

    block = nn.ModuleDict({"a": nn.Linear(2, 2), "b": nn.ModuleList([nn.Conv2d(1, 2, 3, padding="same"), nn.GroupNorm(1, 2)])})
    return {
        "lstm": nn.LSTM(3, 4, 2, bidirectional=True), "gru": nn.GRU(3, 4), "attention": nn.MultiheadAttention(8, 2), "embedding": nn.Embedding(10, 3, padding_idx=0), "bag": nn.EmbeddingBag(10, 3), "block": block, "encoder": nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 2), "upsample": nn.Sequential(nn.ConvTranspose2d(2, 2, 2), nn.Upsample(scale_factor=2), nn.PixelShuffle(1)), "activations": nn.Sequential(nn.GELU(), nn.SiLU(), nn.PReLU(), nn.Softmax(-1), nn.Mish(), nn.GLU()),
        "pooling": nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.1), nn.LayerNorm(2)), "losses": [nn.CrossEntropyLoss(weight=torch.ones(2)), nn.SmoothL1Loss(), nn.BCEWithLogitsLoss(), nn.CTCLoss(), nn.TripletMarginLoss()], "weight_norm": nn.utils.weight_norm(nn.Linear(2, 2)), "parameters": nn.ParameterDict({"a": nn.Parameter(torch.ones(2))}), "trained": _trained()[0], "no_gradient": nn.Linear(2, 2).requires_grad_(False), "half": nn.Linear(2, 2).half(), "double": nn.Bilinear(2, 2, 2).double(), "averaged": torch.optim.swa_utils.AveragedModel(nn.Linear(2, 2)),
    }  # fmt: skip


def _hub() -> dict[str, object]:
    """The shapes in which projects publish their weights."""
    import numpy as np
    import torch

    net = _trained()[0]
    state, plain = net.state_dict(), {"conv.weight": torch.rand(2, 2)}
    return {
        "detector": {"meta": {"epoch": 12, "iter": 99, "mmcv_version": "1.7", "time": "Mon", "CLASSES": ("a", "b"), "config": "model = dict()", "hook_msgs": {"best": 0.5}}, "state_dict": state, "optimizer": _trained()[1].state_dict()},
        "fairseq": {"args": argparse.Namespace(arch="transformer", lr=[0.1]), "cfg": {"model": {"_name": "x"}}, "model": state, "optimizer_history": [{"criterion_name": "c", "optimizer_name": "a", "lr_scheduler_state": {"best": None}, "num_updates": 1}], "extra_state": {"train_iterator": {"epoch": 1}, "val_loss": 1.5}, "last_optimizer_state": None, "task_state": {}},
        "timm": {"epoch": 1, "arch": "resnet50", "state_dict": state, "args": argparse.Namespace(model="r", scale=[0.08, 1.0], mean=None), "version": 2, "metric": 76.1}, "whisper": {"dims": {"n_mels": 80}, "model_state_dict": plain}, "gan": {"params_ema": collections.OrderedDict(plain), "params": plain}, "text_encoder": {"string_to_param": torch.nn.ParameterDict({"*": torch.nn.Parameter(torch.ones(1, 4))}), "name": "x", "string_to_token": {"*": torch.tensor(265)}, "step": 5},
        "vocabulary": {"stoi": {"<unk>": 0, "a": 1}, "itos": ["<unk>", "a"], "vectors": torch.rand(2, 3)}, "speaker": {"model": plain, "config": {"audio": {"sample_rate": 22050}}, "scaler": None, "step": 1, "date": "May"}, "parallel": {f"module.{key}": value for key, value in state.items()}, "list": [torch.ones(1), torch.zeros(2)], "pair": (torch.zeros(3, 28, 28, dtype=torch.uint8), torch.zeros(3, dtype=torch.int64)), "lone": torch.ones(3), "parameter": torch.nn.Parameter(torch.ones(2)), "nothing": {}, "history": {"loss": [np.float32(0.5), np.float64(0.25)], "steps": np.arange(3), "ok": np.bool_(True), "n": np.int64(3)},
        "settings": {"cfg": types.SimpleNamespace(a=1, inner=types.SimpleNamespace(b=2)), "state": plain}, "data": torch.utils.data.TensorDataset(torch.ones(3, 2), torch.zeros(3)), "quantized": torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8), "channels": torch.quantize_per_channel(torch.ones(2, 3), torch.ones(2), torch.zeros(2), 0, torch.qint8), "training": _training(), "containers": _containers(), "values": _values(), "dtypes": _dtypes(), "views": _views(), "sparse": _sparse(), "states": _states(),
    }  # fmt: skip


def _saved(name: str, make: Callable[[], object], **options: object) -> None:
    @benign(name, "torch", "numpy")
    def _write(path: Path) -> None:
        import torch

        torch.save(make(), path, **options)


HUB = "detector fairseq timm whisper gan text_encoder vocabulary speaker parallel list pair lone parameter nothing history settings data quantized channels training containers values dtypes views sparse states".split()  # noqa: SIM905
NETS = "lstm gru attention embedding bag block encoder upsample activations pooling losses weight_norm parameters trained no_gradient half double averaged".split()  # noqa: SIM905
for index, name in enumerate(HUB):
    _saved(f"blind/hub_{name}.{('pt', 'pth', 'ckpt', 'bin')[index % 4]}", lambda name=name: _hub()[name])
for index, name in enumerate(NETS):
    _saved(f"blind/net_{name}.pt", lambda name=name: _nets()[name], **({"_use_new_zipfile_serialization": False} if index % 3 == 0 else {}), pickle_protocol=(2, 3, 4, 5)[index % 4])
for name in ("training", "views", "containers", "states"):
    _saved(f"blind/old_{name}.pth", lambda name=name: _hub()[name], _use_new_zipfile_serialization=False)

OPTIMIZERS = {"LBFGS": {}, "SparseAdam": {}, "Adam": {"amsgrad": True}, "SGD": {"momentum": 0.9, "nesterov": True, "lr": 0.1}, "RMSprop": {"centered": True}, "AdamW": {"fused": False}}
for kind, settings in OPTIMIZERS.items():

    @benign(f"blind/optimizer_{kind}.pt", "torch")
    def _optimizer(path: Path, kind: str = kind, settings: dict[str, Any] = settings) -> None:
        import torch

        net = torch.nn.Linear(2, 2)
        torch.save({"whole": getattr(torch.optim, kind)(net.parameters(), **settings), "state": getattr(torch.optim, kind)(net.parameters(), **settings).state_dict()}, path)


SCHEDULES = {"ReduceLROnPlateau": ("min",), "CosineAnnealingWarmRestarts": (3,), "MultiplicativeLR": None, "LambdaLR": None}
for kind, given in SCHEDULES.items():

    @benign(f"blind/schedule_{kind}.pt", "torch")
    def _schedule(path: Path, kind: str = kind, given: tuple[object, ...] | None = given) -> None:
        import torch

        optimizer = torch.optim.SGD(torch.nn.Linear(2, 2).parameters(), lr=0.1)
        made = getattr(torch.optim.lr_scheduler, kind)(optimizer, *(given or (lambda epoch: 0.9,)))
        torch.save({"state": made.state_dict()} if given is None else {"state": made.state_dict(), "whole": made}, path)


@benign("blind/scripted.pt", "torch")
def _scripted(path: Path) -> None:
    import torch

    torch.jit.script(torch.nn.Sequential(torch.nn.Conv1d(2, 3, 1), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(12, 2)).eval()).save(str(path))


@benign("blind/traced_attention.pt", "torch")
def _traced(path: Path) -> None:
    import torch

    net = torch.nn.TransformerEncoderLayer(8, 2, 16).eval()
    torch.jit.trace(net, torch.rand(3, 1, 8)).save(str(path))


@benign("blind/frozen.pt", "torch")
def _frozen(path: Path) -> None:
    import torch

    torch.jit.freeze(torch.jit.script(_trained()[0].eval())).save(str(path))


@benign("blind/exported.pt2", "torch")
def _exported(path: Path) -> None:
    import torch

    torch.export.save(torch.export.export(torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.GELU()).eval(), (torch.rand(2, 4),)), path)


@benign("blind/distributed", "torch")
def _distributed(path: Path) -> None:
    import torch
    import torch.distributed.checkpoint as dcp

    dcp.save({"model": _trained()[0].state_dict(), "step": 5}, checkpoint_id=str(path))
    assert isinstance(torch.__version__, str)


@benign("blind/lightning.ckpt", "torch", "pytorch_lightning")
def _lightning(path: Path) -> None:
    import pytorch_lightning as pl
    import torch

    class Net(pl.LightningModule):
        def __init__(self, width: int = 4, name: str = "x") -> None:
            super().__init__()
            self.save_hyperparameters()
            self.layer = torch.nn.Linear(4, width)

        def training_step(self, batch: Any, _index: int) -> Any:
            loss = self.layer(batch[0]).sum()
            self.log("loss", loss)
            return loss

        def configure_optimizers(self) -> Any:
            optimizer = torch.optim.Adam(self.parameters())
            return {"optimizer": optimizer, "lr_scheduler": torch.optim.lr_scheduler.StepLR(optimizer, 1)}

    data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.rand(4, 4)), batch_size=2)
    callbacks = [pl.callbacks.ModelCheckpoint(dirpath=str(path.parent / "out"), monitor="loss"), pl.callbacks.EarlyStopping("loss")]
    trainer = pl.Trainer(max_epochs=1, accelerator="cpu", logger=False, callbacks=callbacks, enable_progress_bar=False, enable_model_summary=False)
    trainer.fit(Net(), data)
    trainer.save_checkpoint(path)


@benign("blind/training_args.bin", "torch", "transformers", "accelerate")
def _arguments(path: Path) -> None:
    import torch
    import transformers

    torch.save(transformers.TrainingArguments(output_dir="out", report_to=[], use_cpu=True, learning_rate=1e-4, lr_scheduler_type="cosine", eval_strategy="steps"), path)


@benign("blind/seq2seq/training_args.bin", "torch", "transformers", "accelerate")
def _seq2seq(path: Path) -> None:
    import torch
    import transformers

    torch.save(transformers.Seq2SeqTrainingArguments(output_dir="out", report_to=[], use_cpu=True, predict_with_generate=True, generation_config=transformers.GenerationConfig(max_length=5)), path)


@benign("blind/trainer_run", "torch", "transformers", "accelerate")
def _run(path: Path) -> None:
    import torch
    import transformers

    config = transformers.GPT2Config(n_layer=1, n_head=2, n_embd=8, vocab_size=20, n_positions=16)
    rows = [{"input_ids": torch.arange(6), "labels": torch.arange(6)} for _ in range(4)]
    arguments = transformers.TrainingArguments(output_dir=str(path), report_to=[], use_cpu=True, max_steps=2, save_steps=2, per_device_train_batch_size=2, disable_tqdm=True)
    transformers.Trainer(transformers.GPT2LMHeadModel(config), arguments, train_dataset=rows).train()


@benign("blind/pretrained", "torch", "transformers", "tokenizers")
def _pretrained(path: Path) -> None:
    import transformers
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    made = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.train_from_iterator(["some words to learn"], trainers.WordPieceTrainer(special_tokens=["[UNK]", "[PAD]"]))
    transformers.PreTrainedTokenizerFast(tokenizer_object=made, unk_token="[UNK]", pad_token="[PAD]").save_pretrained(path)
    config = transformers.BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=9, vocab_size=made.get_vocab_size())
    transformers.BertForSequenceClassification(config).save_pretrained(path)


@benign("blind/adapter", "torch", "transformers", "peft")
def _adapter(path: Path) -> None:
    import peft
    import transformers

    net = transformers.GPT2LMHeadModel(transformers.GPT2Config(n_layer=1, n_head=2, n_embd=8, vocab_size=20, n_positions=16))
    peft.get_peft_model(net, peft.LoraConfig(r=2, target_modules=["c_attn"], fan_in_fan_out=True)).save_pretrained(path)


for protocol in range(6):

    @benign(f"blind/plain_{protocol}.pkl")
    def _plain(path: Path, protocol: int = protocol) -> None:
        path.write_bytes(pickle.dumps({"a": [1, 2.5, None, True, "text \u00e4\u20ac", b"\xff"], "t": ((), (1,), (1, 2, 3)), "d": {1: {2: {3: []}}}, "s": {1, 2}, "big": 1 << 200, "neg": -(1 << 70), "when": datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=2))), "o": collections.OrderedDict(a=1), "x": float("inf")}, protocol))
