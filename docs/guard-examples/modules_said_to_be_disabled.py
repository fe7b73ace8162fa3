""""Currently disabled": the module is only not mentioned in the package's `__all__`."""

import importlib
import sys
from pathlib import Path


def unguarded(package):
    module = importlib.import_module(package)
    module.__all__ = [name for name in module.__all__ if name != "distributed"]
    return module


def guarded(package):
    from troth.guard.modules import disable

    disable(f"{package}.distributed")
    return unguarded(package)


def attack(program, folder):
    name = _package(folder, "toy_attacked")
    program(name)
    return importlib.import_module(f"{name}.distributed").connect() == "connected"


def works(program, folder):
    name = _package(folder, "toy_working")
    return program(name) and importlib.import_module(f"{name}.tensor").zeros() == [0, 0]


def _package(folder, stem):
    name = f"{stem}_{abs(hash(folder))}"
    Path(folder, name).mkdir()
    Path(folder, name, "__init__.py").write_text("__all__ = ['tensor', 'distributed']\n")
    Path(folder, name, "tensor.py").write_text("def zeros():\n    return [0, 0]\n")
    Path(folder, name, "distributed.py").write_text("def connect():\n    return 'connected'\n")
    sys.path.insert(0, folder)
    return name
