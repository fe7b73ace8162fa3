"""Third ordinary set, written before the code had run on it: what torch, Lightning, transformers, accelerate, Keras and flax write."""

# The libraries are imported where they are needed: a case is left out, by name, where its library is not installed.
# ruff: noqa: PLW0108, PLC0206
from __future__ import annotations

import argparse
import os
import random
from collections import OrderedDict
from pathlib import Path

from tests.attacks.models.corpus import benign


def _net():
    import torch
    from torch import nn

    torch.manual_seed(1)
    return nn.Sequential(OrderedDict(conv=nn.Conv2d(3, 4, 3), norm=nn.BatchNorm2d(4), act=nn.SiLU(), pool=nn.AdaptiveAvgPool2d(1), flat=nn.Flatten(), head=nn.Linear(4, 2)))


def _trained(make):
    import torch

    model = _net()
    optimizer = make(model.parameters())

    def closure():
        optimizer.zero_grad()
        loss = model(torch.ones(4, 3, 5, 5)).square().mean()
        loss.backward()
        return loss

    optimizer.step(closure)
    return model, optimizer


def _optimizers():
    from torch import optim

    return {"adamw": lambda p: optim.AdamW(p, amsgrad=True), "lbfgs": lambda p: optim.LBFGS(p, max_iter=2), "adagrad": optim.Adagrad, "rmsprop": lambda p: optim.RMSprop(p, centered=True, momentum=0.1), "adafactor": optim.Adafactor, "rprop": optim.Rprop, "nadam": optim.NAdam, "adadelta": optim.Adadelta}


for kind in ("adamw", "lbfgs", "adagrad", "rmsprop", "adafactor", "rprop", "nadam", "adadelta"):

    @benign(f"third/run_{kind}.pt", "torch")
    def _(path: Path, kind: str = kind) -> None:
        import torch
        from torch.optim import lr_scheduler as rates

        model, optimizer = _trained(_optimizers()[kind])
        schedule = {"adamw": lambda: rates.OneCycleLR(optimizer, 0.1, total_steps=10), "lbfgs": lambda: rates.ReduceLROnPlateau(optimizer), "adagrad": lambda: rates.SequentialLR(optimizer, [rates.ConstantLR(optimizer), rates.ExponentialLR(optimizer, 0.9)], [2]), "rmsprop": lambda: rates.CosineAnnealingWarmRestarts(optimizer, 3)}.get(kind, lambda: rates.MultiStepLR(optimizer, [3, 6]))()
        torch.save({"epoch": 3, "model": model.state_dict(), "optimizer": optimizer.state_dict(), "scheduler": schedule.state_dict(), "best": float("inf"), "args": argparse.Namespace(lr=0.1, out=Path("runs"), device=torch.device("cpu")), "rng": torch.get_rng_state(), "python_rng": random.getstate()}, path)


@benign("third/optimizer_whole.pt", "torch")
def _(path: Path) -> None:
    import torch

    _, optimizer = _trained(lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True))
    torch.save({"optimizer": optimizer, "schedule": torch.optim.lr_scheduler.StepLR(optimizer, 3)}, path)


@benign("third/numpy_inside.ckpt", "torch", "numpy")
def _(path: Path) -> None:
    import numpy as np
    import torch

    torch.save({"metrics": {"loss": np.float32(0.5), "steps": np.int64(3), "best": np.array([1.0, 2.0]), "ok": np.bool_(True)}, "rng": np.random.RandomState(1).get_state(), "generator": np.random.default_rng(1).bit_generator.state, "classes": np.array(["a", "bb"]), "sizes": torch.Size([1, 2]), "dtype": torch.bfloat16}, path)


@benign("third/dtypes.pt", "torch")
def _(path: Path) -> None:
    import torch

    names = ("float16", "bfloat16", "float32", "float64", "uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64", "bool", "complex32", "complex64", "complex128", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu")
    torch.save({name: torch.zeros(3, 2, dtype=getattr(torch, name)) for name in names}, path)


@benign("third/views.pt", "torch")
def _(path: Path) -> None:
    import torch

    base = torch.arange(24.0).reshape(2, 3, 4)
    torch.save([base, base.transpose(0, 2), base[1, :, ::2], base[0, 0].expand(5, 4), base.permute(2, 0, 1)[1:], torch.empty(0, 3), torch.tensor(1.5), base.to(memory_format=torch.contiguous_format), torch.zeros(1, 2, 3, 4).to(memory_format=torch.channels_last)], path)


@benign("third/sparse.pt", "torch")
def _(path: Path) -> None:
    import torch

    dense = torch.eye(6)
    torch.save({"coo": dense.to_sparse(), "csr": dense.to_sparse_csr(), "csc": dense.to_sparse_csc(), "bsr": dense.to_sparse_bsr((2, 2)), "bsc": dense.to_sparse_bsc((3, 3)), "empty": torch.sparse_coo_tensor(size=(3, 3))}, path)


@benign("third/quantized_tensors.pt", "torch")
def _(path: Path) -> None:
    import torch

    values = torch.randn(4, 4)
    torch.save({"tensor": torch.quantize_per_tensor(values, 0.1, 3, torch.quint8), "channel": torch.quantize_per_channel(values, torch.ones(4), torch.zeros(4, dtype=torch.long), 0, torch.qint8)}, path)


@benign("third/meta.pt", "torch")
def _(path: Path) -> None:
    import torch

    torch.save({"w": torch.empty(3, 4, device="meta"), "p": torch.nn.Parameter(torch.zeros(2))}, path)


@benign("third/protocol_four.pt", "torch")
def _(path: Path) -> None:
    import torch

    torch.save(_net().half(), path, pickle_protocol=4)


@benign("third/protocol_five.pth", "torch")
def _(path: Path) -> None:
    import torch

    torch.save(_net().state_dict(), path, pickle_protocol=5)


@benign("third/legacy_whole.pth", "torch")
def _(path: Path) -> None:
    import torch

    shared = torch.ones(10)
    torch.save({"model": _net(), "a": shared[2:5], "b": shared[5:], "same": shared}, path, _use_new_zipfile_serialization=False)


@benign("third/bytes_in_memory.bin", "torch")
def _(path: Path) -> None:
    import io

    import torch

    made = io.BytesIO()
    torch.save(_net().state_dict(), made)
    path.write_bytes(made.getvalue())


WHOLE = {
    "transformer": lambda nn: nn.Transformer(8, 2, 1, 1, 16, batch_first=True), "lstm": lambda nn: nn.LSTM(4, 5, 2, bidirectional=True, dropout=0.1, proj_size=2), "gru_cell": lambda nn: nn.ModuleDict({"cell": nn.GRUCell(3, 4), "norm": nn.LayerNorm(4), "list": nn.ModuleList([nn.PReLU(), nn.GLU()])}), "parameters": lambda nn: nn.ParameterList([nn.Parameter(nn.init.ones_(__import__("torch").empty(2)))]),
    "embedding": lambda nn: nn.Sequential(nn.EmbeddingBag(10, 3, mode="sum"), nn.Bilinear(3, 3, 2) if False else nn.Linear(3, 2), nn.Softmax(-1)), "convolutions": lambda nn: nn.Sequential(nn.ConvTranspose1d(2, 3, 2), nn.InstanceNorm1d(3, affine=True), nn.Dropout1d(), nn.Upsample(scale_factor=2), nn.MaxPool1d(2), nn.Unfold(1) if False else nn.Identity()), "spectral": lambda nn: nn.utils.spectral_norm(nn.Linear(3, 3)), "losses": lambda nn: [nn.CrossEntropyLoss(weight=__import__("torch").ones(3), label_smoothing=0.1), nn.HuberLoss(), nn.CTCLoss(), nn.TripletMarginLoss()],
    "encoder": lambda nn: nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, activation="gelu", norm_first=True), 2, enable_nested_tensor=False), "lazy": lambda nn: nn.Sequential(nn.LazyLinear(3), nn.ReLU()), "pixel": lambda nn: nn.Sequential(nn.PixelShuffle(2), nn.ReflectionPad2d(1), nn.GroupNorm(2, 4), nn.Hardswish(), nn.RMSNorm(3)),
}  # fmt: skip
for kind in WHOLE:

    @benign(f"third/whole_{kind}.pt", "torch")
    def _(path: Path, kind: str = kind) -> None:
        import torch

        torch.save(WHOLE[kind](torch.nn), path)


@benign("third/parametrized.pt", "torch")
def _(path: Path) -> None:
    import torch
    from torch.nn.utils import parametrizations

    torch.save({"weight_norm": parametrizations.weight_norm(torch.nn.Linear(3, 3)).state_dict(), "orthogonal": parametrizations.orthogonal(torch.nn.Linear(3, 3)).state_dict(), "averaged": torch.optim.swa_utils.AveragedModel(_net()).state_dict(), "scaler": torch.amp.GradScaler("cpu", enabled=True).state_dict()}, path)


@benign("third/parallel.pt", "torch")
def _(path: Path) -> None:
    import torch

    torch.save(torch.nn.DataParallel(_net()), path)


def _script():
    import torch

    class Scripted(torch.nn.Module):
        names: list[str]

        def __init__(self) -> None:
            super().__init__()
            self.net = _net()
            self.names = ["a", "b"]
            self.scales = {"a": 1.0, "b": 2.0}
            self.register_buffer("mean", torch.ones(2))

        def forward(self, x: torch.Tensor, name: str | None = None) -> dict[str, torch.Tensor]:
            out = self.net(x) - self.mean
            for index, known in enumerate(self.names):
                if name is not None and known == name:
                    out = out * self.scales[known] + index
            return {"out": out.softmax(-1), "top": torch.topk(out, 1)[1]}

    return Scripted


def _scripted():
    import torch

    return torch.jit.trace(_net().eval(), torch.zeros(1, 3, 5, 5))


@benign("third/traced_with_files.pt", "torch")
def _(path: Path) -> None:
    import torch

    torch.jit.save(_scripted(), str(path), _extra_files={"labels.txt": "cat\ndog\n", "config.json": '{"size": 5}'})


@benign("third/frozen.pt", "torch")
def _(path: Path) -> None:
    import torch

    torch.jit.save(torch.jit.freeze(_scripted()), str(path))


@benign("third/mobile.ptl", "torch")
def _(path: Path) -> None:
    _scripted()._save_for_lite_interpreter(str(path))


@benign("third/recurrent_script.pt", "torch")
def _(path: Path) -> None:
    import torch

    torch.jit.save(torch.jit.script(torch.nn.LSTM(3, 4)), str(path))


@benign("third/attention_script.pt", "torch")
def _(path: Path) -> None:
    import torch

    torch.jit.save(torch.jit.script(torch.nn.TransformerEncoderLayer(8, 2, 16)), str(path))


@benign("third/exported.pt2", "torch")
def _(path: Path) -> None:
    import torch

    batch = torch.export.Dim("batch", min=2, max=64)
    torch.export.save(torch.export.export(_net().eval(), (torch.zeros(4, 3, 5, 5),), dynamic_shapes=({0: batch},)), str(path))


@benign("third/exported_recurrent.pt2", "torch")
def _(path: Path) -> None:
    import torch

    torch.export.save(torch.export.export(torch.nn.GRU(3, 4, batch_first=True), (torch.zeros(2, 5, 3),)), str(path))


@benign("third/distributed", "torch")
def _(path: Path) -> None:
    import torch
    from torch.distributed import checkpoint

    model, optimizer = _trained(lambda p: torch.optim.AdamW(p))
    path.mkdir(parents=True)
    checkpoint.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": 3}, checkpoint_id=str(path), no_dist=True)


@benign("third/lightning_fit.ckpt", "torch", "pytorch_lightning")
def _(path: Path) -> None:
    import pytorch_lightning as pl
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    class Module(pl.LightningModule):
        def __init__(self, width: int = 3, rate: float = 0.1, names: tuple[str, ...] = ("a",)) -> None:
            super().__init__()
            self.save_hyperparameters()
            self.layer = torch.nn.Linear(width, 1)

        def training_step(self, batch, index):
            loss = self.layer(batch[0]).square().mean()
            self.log("loss", loss)
            return loss

        def configure_optimizers(self):
            optimizer = torch.optim.Adam(self.parameters())
            return {"optimizer": optimizer, "lr_scheduler": torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 3)}

    folder = str(path.parent)
    trainer = pl.Trainer(max_epochs=1, default_root_dir=folder, logger=False, enable_progress_bar=False, enable_model_summary=False, accelerator="cpu", callbacks=[pl.callbacks.ModelCheckpoint(dirpath=folder + "/saved", monitor="loss", save_last=True), pl.callbacks.EarlyStopping("loss")])
    trainer.fit(Module(), DataLoader(TensorDataset(torch.ones(4, 3)), 2))
    trainer.save_checkpoint(str(path))


@benign("third/accelerated", "torch", "accelerate")
def _(path: Path) -> None:
    import torch
    from accelerate import Accelerator

    accelerator = Accelerator(cpu=True)
    model, optimizer = _trained(lambda p: torch.optim.AdamW(p))
    model, optimizer, _schedule = accelerator.prepare(model, optimizer, torch.optim.lr_scheduler.StepLR(optimizer, 1))
    accelerator.save_state(str(path))


@benign("third/bert", "torch", "transformers")
def _(path: Path) -> None:
    from transformers import BertConfig, BertForSequenceClassification

    BertForSequenceClassification(BertConfig(vocab_size=20, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16, id2label={0: "no", 1: "yes"})).save_pretrained(str(path), max_shard_size="3KB")


@benign("third/llama", "torch", "transformers")
def _(path: Path) -> None:
    from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

    LlamaForCausalLM(LlamaConfig(vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)).save_pretrained(str(path))
    GenerationConfig(do_sample=True, temperature=0.6, eos_token_id=[1, 2]).save_pretrained(str(path))


@benign("third/training_args.bin", "torch", "transformers", "accelerate")
def _(path: Path) -> None:
    import torch
    from transformers import TrainingArguments

    torch.save(TrainingArguments(output_dir="out", learning_rate=1e-4, lr_scheduler_type="cosine", warmup_steps=10, report_to=[], use_cpu=True), path)


def _keras():
    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    return keras


@benign("third/two_inputs.keras", "torch", "keras", "h5py")
def _(path: Path) -> None:
    keras = _keras()
    one, two = keras.Input((4, 3), name="one"), keras.Input((3,), name="two")
    made = keras.layers.Concatenate()([keras.layers.Bidirectional(keras.layers.LSTM(3))(one), keras.layers.BatchNormalization()(keras.layers.Dense(2, activation="gelu", kernel_regularizer=keras.regularizers.L1L2(0.1, 0.1))(two))])
    model = keras.Model([one, two], keras.layers.Dense(1, "sigmoid", kernel_initializer=keras.initializers.HeNormal(seed=1))(made))
    model.compile(keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(0.1, 10)), loss=keras.losses.BinaryCrossentropy(label_smoothing=0.1), metrics=["accuracy", keras.metrics.AUC()])
    model.save(str(path))


@benign("third/convolutions.h5", "torch", "keras", "h5py")
def _(path: Path) -> None:
    keras = _keras()
    layers = keras.layers
    model = keras.Sequential([keras.Input((8, 8, 3)), layers.Rescaling(1 / 255), layers.RandomFlip(), layers.SeparableConv2D(4, 3, padding="same"), layers.LeakyReLU(), layers.MaxPooling2D(), layers.GlobalAveragePooling2D(), layers.Dropout(0.1), layers.Dense(2, "softmax")])
    model.compile("rmsprop", "sparse_categorical_crossentropy")
    model.save(str(path))


@benign("third/attention.keras", "torch", "keras", "h5py")
def _(path: Path) -> None:
    keras = _keras()
    words = keras.Input((6,), dtype="int32")
    found = keras.layers.Embedding(20, 4, mask_zero=True)(words)
    found = keras.layers.MultiHeadAttention(2, 2)(found, found) + found
    keras.Model(words, keras.layers.Dense(2)(keras.layers.LayerNormalization()(keras.ops.mean(found, axis=1)))).save(str(path))


@benign("third/only.weights.h5", "torch", "keras", "h5py")
def _(path: Path) -> None:
    keras = _keras()
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.Dense(1)]).save_weights(str(path))


@benign("third/params.msgpack", "flax", "jax")
def _(path: Path) -> None:
    import jax
    import jax.numpy as jnp
    from flax import serialization

    path.write_bytes(serialization.to_bytes({"params": {"dense": {"kernel": jnp.ones((2, 3)), "bias": jnp.zeros(3, jnp.bfloat16)}}, "step": 3, "key": jax.random.PRNGKey(0), "half": jnp.ones(2, jnp.float16)}))
