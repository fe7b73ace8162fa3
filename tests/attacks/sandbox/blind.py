"""The sandbox, written without having looked at its filter: calls that newer kernels have, oracles about other processes, the `at` variants of calls on files, and costs in one expression of Python."""

from __future__ import annotations

CALLS = {
    "tables of segments": "return False if ARM else let_in(154, -1, 0, 0, 0)",
    "ports of the machine": "return False if ARM else (let_in(172, -1, 3) or let_in(173, -1, 0, 1, 1))",
    "hang up the terminal": "return let_in(153, 58)",
    "a pseudo terminal": "os.open('/dev/ptmx', os.O_RDWR); return True",
    "mode of a file, the newest call": "return let_in(452, 452, -100, ctypes.c_char_p(b['writable'].encode()), 0o777, 0)",
    "owner of a file by a folder": "return let_in(260, 54, -100, ctypes.c_char_p(b['writable'].encode()), 0, 0, 0)",
    "times of a file by a folder": "return let_in(280, 88, -100, ctypes.c_char_p(b['writable'].encode()), 0, 0)",
    "rename by a folder": "return let_in(316, 276, -100, ctypes.c_char_p(b['writable'].encode()), -100, ctypes.c_char_p(b'/tmp/x'), 0)",
    "hard link by a folder": "return let_in(265, 37, -100, ctypes.c_char_p(b['secret'].encode()), -100, ctypes.c_char_p(b'/tmp/x'), 0)",
    "symbolic link by a folder": "return let_in(266, 36, ctypes.c_char_p(b['secret'].encode()), -100, ctypes.c_char_p(b'/tmp/x'))",
    "node by a folder": "return let_in(259, 33, -100, ctypes.c_char_p(b'/tmp/x'), 0o100644, 0)",
    "remove by a folder": "return let_in(263, 35, -100, ctypes.c_char_p(b['writable'].encode()), 0)",
    "tell by faccessat2": "return sc(439, 439, -100, ctypes.c_char_p(b['secret'].encode()), 0, 0) == 0",
    "advise another process's memory": "return let_in(440, 440, 0, 0, 0, 0, 0)",
    "release another process's memory": "return let_in(448, 448, 0, 0)",
    "attributes of mounts": "return let_in(442, 442, -100, ctypes.c_char_p(b'/'), 0, 0, 0)",
    "a copy of the tree of mounts": "return let_in(428, 428, -100, ctypes.c_char_p(b'/'), 1)",
    "send a file": "return let_in(40, 71, 1, 0, 0, 1)",
    "copy between files": "return let_in(326, 285, 0, 0, 1, 0, 1, 0)",
    "a pipe's contents": "return let_in(276, 77, 0, 1, 1, 0)",
    "locks of another process": "return let_in(274, 100, b['pid'], ctypes.create_string_buffer(8), ctypes.create_string_buffer(8))",
    "session and group of another process": "return let_in(124, 156, b['pid']) or let_in(121, 155, b['pid'])",
    "scheduler of another process": "return let_in(145, 120, b['pid']) or let_in(315, 275, b['pid'], ctypes.create_string_buffer(64), 64, 0) or let_in(204, 123, b['pid'], 8, ctypes.create_string_buffer(8))",
    "processor time of another process": "return sc(228, 113, ((~b['pid']) << 3) | 2, ctypes.create_string_buffer(16)) == 0",
    "resolution of another process's clock": "return sc(229, 114, ((~b['pid']) << 3) | 2, ctypes.create_string_buffer(16)) == 0",
    "the machine's name and memory": "return let_in(63, 160, ctypes.create_string_buffer(512)) or let_in(99, 179, ctypes.create_string_buffer(512))",
    "timers of the kernel": "return let_in(222, 107, 1, 0, ctypes.create_string_buffer(8))",
    "a module from a folder of its own": "\n    os.mkdir('/tmp/troth-m'); open('/tmp/troth-m/evil.py', 'w').write('x = 1'); sys.path.insert(0, '/tmp/troth-m')\n    import evil\n    return True",
    "the interpreter's own site": "import site; return any(os.path.isdir(p) and os.listdir(p) for p in site.getsitepackages())",
    "what the caller's frames hold": "\n    f, found = sys._getframe(), []\n    while f:\n        found += [v for v in f.f_locals.values() if isinstance(v, (bytes, str)) and 'VIC' + 'TIM' in str(v)]; f = f.f_back\n    return found",
    "descriptors by their numbers": "return any(tried(os.read, n, 1) for n in range(3, 256))",
}  # fmt: skip
"""Name -> body; see `sources`."""
COSTS = {
    "a width of a milliard": "return len('{:>999999999}'.format(1)) > 0",
    "digits without a limit": "sys.set_int_max_str_digits(0); return int('9' * 10**7) > 0",
    "a pattern that is compiled for ever": "import re; return re.compile('(?:a{0,5000}){0,5000}b') is not None and re.match('(?:(?:a?){30}){30}a{900}', 'a' * 899) is not None",
    "lists in lists": "\n    x = []\n    for n in range(10**8): x = [x, x]\n    return True",
    "an error of a hundred megabytes": "raise ValueError('x' * 10**8)",
    "errors that are linked for ever": "\n    e = None\n    while True:\n        try: raise ValueError(e)\n        except ValueError as f: f.__cause__ = e; e = f",
    "a repr that never ends": "\n    class R(ValueError):\n        def __str__(s):\n            while True: pass\n    raise R()",
    "unpacked zeros": "import zlib; return len(zlib.decompress(zlib.compress(b'0' * 10**7) * 1)) * len([zlib.decompress(zlib.compress(b'0' * 10**7)) for _ in range(50)]) > 0",
    "an exit hook that never ends": "\n    import atexit\n    def f():\n        while True: pass\n    atexit.register(f); raise SystemExit(0)",
    "a generator that is never done": "return sum(1 for _ in iter(int, 1)) > 0",
}  # fmt: skip
"""Name -> body; each has to be stopped in time."""
