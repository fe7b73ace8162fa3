"""Compiles the optional part of the pack reader, `troth.engines.packs._native`, where there is a C compiler.

    python native/build.py            compile into the source tree (as an editable installation does)
    python native/build.py --fuzz DIR compile the fuzzer with AddressSanitizer and UndefinedBehaviorSanitizer into DIR

It is also hatchling's build hook: a wheel for this platform where compiling succeeds, the pure wheel where it does not. Nothing else depends on the
outcome: findings are the same, only slower. `TROTH_NATIVE_BUILD=0` leaves it out, `TROTH_NATIVE_BUILD=require` makes a failure one of the build.
Standard library only; the limited API of Python 3.11, so that one wheel serves every later version.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parent / "src" / "troth" / "engines" / "packs"
WINDOWS, DARWIN = os.name == "nt", sys.platform == "darwin"
NAME = "_native.pyd" if WINDOWS else "_native.abi3.so"
LIMITED = "0x030B0000"
WAIT = 300
PURE = ("inflate.c", "codes.c", "delta.c", "survey.c")
"""Sources without Python in them, which the fuzzer links."""


class NotBuilt(Exception):  # noqa: N818 - no error: the installation goes on without
    """Why there is no compiled part."""


def sources_digest() -> str:
    """Digest of all sources, which the module carries: a test tells by it that what is installed was made from them."""
    digest = hashlib.sha256()
    for path in sorted(path for path in HERE.iterdir() if path.suffix in (".c", ".h") and path.name != "fuzz.c"):
        digest.update(path.name.encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()[:16]


def compiler() -> list[str]:
    """The C compiler: `CC`, what Python was compiled with, or what is there.

    Raises:
        NotBuilt: there is none.
    """
    for words in (os.environ.get("CC", ""), sysconfig.get_config_var("CC") or "", "cl" if WINDOWS else "cc", "gcc", "clang"):
        command = shlex.split(words, posix=not WINDOWS)
        if command and shutil.which(command[0]):
            return command
    raise NotBuilt("there is no C compiler")


def headers() -> str:
    """Folder of Python.h.

    Raises:
        NotBuilt: it is not installed, or this Python has no limited API.
    """
    if sys.implementation.name != "cpython" or sysconfig.get_config_var("Py_GIL_DISABLED"):
        raise NotBuilt("only CPython with its lock has the limited API")
    folder = sysconfig.get_paths()["include"]
    if not (Path(folder) / "Python.h").is_file():
        raise NotBuilt("Python's headers are not installed (Debian: python3-dev)")
    return folder


def command_for(target: Path) -> list[str]:
    """The command that compiles everything into `target`."""
    command, include = compiler(), headers()
    sources = [str(path) for path in sorted(HERE.glob("*.c")) if path.name != "fuzz.c"]
    if WINDOWS and Path(command[0]).stem.lower() in ("cl", "clang-cl"):
        defined = [f"/DPy_LIMITED_API={LIMITED}", f'/DTROTH_SOURCES="{sources_digest()}"']
        libraries = str(Path(sys.base_prefix) / "libs")
        return [*command, "/nologo", "/O2", "/LD", *defined, f"/I{include}", *sources, f"/Fe{target}", "/link", f"/LIBPATH:{libraries}"]
    defined = [f"-DPy_LIMITED_API={LIMITED}", f'-DTROTH_SOURCES="{sources_digest()}"']
    link = ["-bundle", "-undefined", "dynamic_lookup", "-arch", platform.machine(), "-mmacosx-version-min=11.0"] if DARWIN else ["-shared"]
    if WINDOWS:
        link += [f"-L{Path(sys.base_prefix) / 'libs'}", "-lpython3"]
    else:
        link += ["-fPIC", "-fstack-protector-strong"]
    return [*command, "-O3", "-fvisibility=hidden", *defined, f"-I{include}", *sources, *link, "-o", str(target)]


def loads(path: Path) -> bool:
    """Whether what was compiled can be loaded by this Python. In a process of its own: a broken one must not take the build with it."""
    script = (
        "import importlib.machinery as m, importlib.util as u, sys; l = m.ExtensionFileLoader('_native', sys.argv[1]);"
        "x = u.module_from_spec(u.spec_from_loader('_native', l)); l.exec_module(x); assert x.Walker and x.inflate(b'', 0) is None"
    )
    return subprocess.run([sys.executable, "-I", "-c", script, str(path)], capture_output=True, timeout=WAIT, check=False).returncode == 0  # noqa: S603


def compile_into(folder: Path) -> Path:
    """Compile, check that it loads, and put it into `folder` under its name; where it goes it replaces what was there in one step.

    Raises:
        NotBuilt: for whatever reason there is none now.
    """
    with tempfile.TemporaryDirectory(prefix="troth-native-") as scratch:
        made = Path(scratch) / NAME
        try:
            done = subprocess.run(command_for(made), cwd=scratch, capture_output=True, text=True, errors="replace", timeout=WAIT, check=False)  # noqa: S603
            if done.returncode or not made.is_file():
                raise NotBuilt("the compiler refused: " + (done.stderr or done.stdout).strip()[-400:])
            if not loads(made):
                raise NotBuilt("what was compiled cannot be loaded")
            beside = folder / f".{NAME}.{os.getpid()}"
            shutil.copyfile(made, beside)
            os.replace(beside, folder / NAME)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NotBuilt(type(error).__name__) from error
    return folder / NAME


def attempt(folder: Path) -> Path | None:
    """As `compile_into`, by the rules of `TROTH_NATIVE_BUILD`; says in one line why there is no compiled part, if there is none."""
    wish = os.environ.get("TROTH_NATIVE_BUILD", "")
    if wish == "0":
        return None
    try:
        return compile_into(folder)
    except NotBuilt as reason:
        if wish == "require":
            raise
        sys.stderr.write(f"troth: without the compiled pack reader ({reason}); history scans take longer and find the same\n")
        return None


def wheel_tag() -> str:
    """Tag of a wheel that has the compiled part."""
    system = f"macosx_11_0_{platform.machine()}" if DARWIN else sysconfig.get_platform().replace("-", "_").replace(".", "_")
    return f"cp311-abi3-{system}"


try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run by hand
    BuildHookInterface = None

if BuildHookInterface is not None:

    class NativeBuildHook(BuildHookInterface):  # type: ignore[misc,valid-type]
        """Compiles for editable installations into the source tree, for wheels into the wheel."""

        PLUGIN_NAME = "custom"

        def initialize(self, version: str, build_data: dict) -> None:
            """See hatchling."""
            if version == "editable":
                attempt(PACKAGE)
                return
            self._folder = tempfile.TemporaryDirectory(prefix="troth-wheel-")
            made = attempt(Path(self._folder.name))
            if made is not None:
                build_data["pure_python"] = False
                build_data["tag"] = wheel_tag()
                build_data["force_include"][str(made)] = f"troth/engines/packs/{NAME}"

        def finalize(self, version: str, build_data: dict, artifact_path: str) -> None:  # noqa: ARG002
            """See hatchling."""
            folder = getattr(self, "_folder", None)
            if folder is not None:
                folder.cleanup()


def main() -> int:
    """By hand."""
    if sys.argv[1:2] == ["--fuzz"]:
        target = Path(sys.argv[2]) / "fuzz"
        sources = [str(HERE / name) for name in (*PURE, "fuzz.c")]
        flags = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-Wall", "-Wextra"]
        return subprocess.run([*compiler(), *flags, *sources, "-o", str(target)], check=False).returncode  # noqa: S603
    try:
        sys.stdout.write(f"{compile_into(PACKAGE)}\n")
    except NotBuilt as reason:
        sys.stderr.write(f"not compiled: {reason}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
