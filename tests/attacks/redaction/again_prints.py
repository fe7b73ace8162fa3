"""Programs that print: what reaches stdout and stderr of a process of its own while the guard is installed there."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.attacks.redaction.again_forms import LONG

PRINTED: dict[str, str] = {
    "print with separators": "print(*S, sep='')", "an error of arguments": "import argparse\nargparse.ArgumentParser().parse_args(['--' + S])", "an invalid choice": "import argparse\np = argparse.ArgumentParser()\np.add_argument('x', choices=['a'])\np.parse_args([S])", "exit": "import sys\nsys.exit('bad ' + S)", "a question": "input('says ' + S + ' ')", "an exit hook": "import atexit\ndef f(): raise ValueError(S)\natexit.register(f)", "a weak reference": "import weakref\nclass A: pass\na = A()\ndef f(_): raise ValueError(S)\nr = weakref.ref(a, f)\ndel a",
    "a thread's name": "import threading\ndef f(): raise ValueError('x')\nt = threading.Thread(target=f, name=S)\nt.start()\nt.join()", "a timer": "import threading\ndef f(): raise ValueError(S)\nt = threading.Timer(0, f)\nt.start()\nt.join()", "the old hook": "import sys\nsys.__excepthook__(ValueError, ValueError(S), None)", "a hook of its own": "import sys, traceback\nsys.excepthook = lambda *a: traceback.print_exception(*a)\nraise ValueError(S)", "variables in a traceback": "import traceback\ntry:\n    value = S\n    raise ValueError('x')\nexcept ValueError as e:\n    traceback.TracebackException.from_exception(e, capture_locals=True).print()",
    "a test's failure": "import unittest\nclass T(unittest.TestCase):\n    def test(self): self.assertEqual(S, 'x')\nunittest.main(argv=['x'], exit=False)", "a console": "import code\ncode.InteractiveConsole({'S': S}).push('S')\n", "an error in a console": "import code\ncode.InteractiveConsole({'S': S}).push('raise ValueError(S)')\n", "help": "import pydoc\nclass A:\n    __doc__ = 'about ' + S\npydoc.help(A)", "a profile": "import cProfile\nexec(compile('def f_' + S + '(): pass\\ncProfile.run(\"f_' + S + '()\")', 'x', 'exec'))", "a trace": "import dis\ndis.dis(compile('x = ' + repr(S), 'x', 'exec'))", "a warning's category": "import warnings\nwarnings.warn(S, type('W', (UserWarning,), {}))", "an old warning": "import warnings\nwarnings.showwarning(S, UserWarning, 'f', 1)",
    "click": "import click\nclick.echo(S)", "click, errors": "import click\nclick.echo(S, err=True)", "click, styled": "import click\nclick.secho(S, fg='red')", "click, bytes": "import click\nclick.echo(S.encode())", "click, usage": "import click\n@click.command()\ndef f(): pass\nf(['--' + S])", "pieces with flushes": "import sys\nfor letter in S:\n    print(letter, end='', flush=True)\nprint()", "pieces over both streams": "import sys\nprint('a ' + S[:9], end='')\nprint('b', file=sys.stderr)\nprint(S[9:])", "pieces in threads": "import threading\nprint(S[:9], end='')\nt = threading.Thread(target=lambda: print(S[9:]))\nt.start()\nt.join()", "a writer of bytes, in pieces": "import sys\nfor at in range(0, len(S), 5): sys.stdout.buffer.write(S[at:at+5].encode())\nsys.stdout.buffer.write(b'\\n')", "a wrapper around the buffer": "import io, sys\nw = io.TextIOWrapper(sys.stdout.buffer, write_through=True)\nprint(S, file=w)\nw.flush()\nw.detach()", "the buffer's raw": "import sys\nraw = getattr(sys.stdout.buffer, 'raw', sys.stdout.buffer)\nraw.write(S.encode() + b'\\n')",
    "a stream that is set up again": "import sys\nsys.stdout.reconfigure(line_buffering=True)\nprint(S)", "a carriage return before": "print('progress 10%\\r' + S)", "a long line before": "print('x' * 100_000 + ' ' + S)", "after a thousand lines": "for n in range(1000): print(n)\nprint(S)", "rich": "import rich\nrich.print(S)", "rich, a console made before": "C.print(S)", "rich, a table": "from rich.table import Table\nt = Table('k', 'v')\nt.add_row('key', S)\nimport rich\nrich.print(t)", "rich, variables": "from rich.traceback import install\ninstall(show_locals=True)\nvalue = S\nraise ValueError('x')", "rich, a handler": "import logging\nfrom rich.logging import RichHandler\nlogging.basicConfig(handlers=[RichHandler(rich_tracebacks=True, tracebacks_show_locals=True)], force=True)\nvalue = S\ntry:\n    raise ValueError('x')\nexcept ValueError: logging.exception('says %s', S)", "tqdm": "import tqdm\nlist(tqdm.tqdm([1], desc=S))", "tqdm, written": "import tqdm\ntqdm.tqdm.write(S)",
    "structlog": "import structlog\nfrom troth.guard.logs import structlog_processor\nstructlog.configure(processors=[structlog_processor, structlog.processors.JSONRenderer()])\nstructlog.get_logger().bind(user=S).info(S, a={'b': [S]})", "structlog, not configured": "import structlog\nstructlog.get_logger().info('says', key=S)", "loguru": "from loguru import logger\nimport sys\nlogger.remove()\nlogger.add(sys.stderr)\nlogger.info('says {}', S)", "loguru, variables": "from loguru import logger\nimport sys\nlogger.remove()\nlogger.add(sys.stderr, diagnose=True, backtrace=True)\ntry:\n    value = S\n    1 / (len(value) - len(S))\nexcept ZeroDivisionError: logger.exception('x')", "loguru, serialized": "from loguru import logger\nimport sys\nlogger.remove()\nlogger.add(sys.stdout, serialize=True)\nlogger.bind(user=S).info('x')", "JSON for machines": "import logging, sys\nfrom pythonjsonlogger.json import JsonFormatter\nh = logging.StreamHandler()\nh.setFormatter(JsonFormatter())\nlogging.basicConfig(handlers=[h], force=True)\nlogging.warning('says', extra={'user': {'deep': [S]}})",
    "no handler at all": "import logging\nlogging.getLogger('x').warning('says %s', S)", "set up by force": "import logging\nlogging.basicConfig(force=True, format='%(message)s')\nlogging.warning(S)", "the child of a pool, forked": "import multiprocessing as m\np = m.get_context('fork').Process(target=lambda: print(S))\np.start()\np.join()", "an executor's thread": "from concurrent.futures import ThreadPoolExecutor as T\nwith T(1) as t: t.submit(print, S).result()", "a repr for the shell": "import sys\nsys.displayhook([S])", "a picture of memory": "import pprint\npprint.pp({'k' * 60: [S] * 3}, width=20)", "a stream kept from before": "print(S, file=B)", "a handler kept from before": "import logging\nlogging.getLogger().addHandler(H)\nlogging.warning(S)", "faulthandler": "import faulthandler\nexec(compile('import faulthandler\\nfaulthandler.dump_traceback(all_threads=False)', '/srv/' + S + '.py', 'exec'))",
}  # fmt: skip
"""Programs whose output is looked at; `S` is what must not, or must, arrive."""
BEYOND = frozenset(("a stream kept from before", "rich, a console made before", "faulthandler"))
"""What docs/guard.md says is not seen: descriptors written past Python's streams of now."""
NEEDS = {"rich": "rich", "tqdm": "tqdm", "structlog": "structlog", "loguru": "loguru", "JSON for machines": "pythonjsonlogger", "click": "click"}


def printed(body: str, said: str) -> str:
    """What such a program shows."""
    begin = f"import sys, logging\nB = sys.stdout\nH = logging.StreamHandler()\ntry:\n    from rich.console import Console\n    C = Console(file=sys.stdout)\nexcept ImportError: pass\nfrom troth.guard import logs\nfrom troth.guard.redact import remember\nremember({LONG!r})\nlogs.install()\nS = {said!r}\n"
    done = subprocess.run([sys.executable, "-c", begin + body], input="", capture_output=True, text=True, timeout=120, check=False, env={**os.environ, "COLUMNS": "300"})
    return done.stdout + done.stderr


def _missing(name: str) -> bool:
    package = NEEDS.get(name.split(",", maxsplit=1)[0])
    return package is not None and importlib.util.find_spec(package) is None


def programs() -> dict[str, Callable[[str, Path], str]]:
    """Name -> what such a program shows of a text; those whose library is absent are left out."""
    return {f"print: {name}": (lambda s, _, body=body: printed(body, s)) for name, body in PRINTED.items() if name not in BEYOND and not _missing(name)}  # type: ignore[misc]
