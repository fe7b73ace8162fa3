"""The attacks on the sandbox, as the body of `def main(b)`: `b` is the bait; a true answer means that the attack got what it wanted.

`sc(x86, arm, *args)` makes a raw system call; `let_in(...)` says whether the kernel did anything but refuse it (EPERM, EACCES, ENOSYS).
Each is `name: body`. Bodies end in `return`.
"""

from __future__ import annotations

PRELUDE = """
import ctypes, os, socket, struct, sys, time, mmap, errno
L = ctypes.CDLL(None, use_errno=True)
L.syscall.restype = ctypes.c_long
L.mmap.restype = ctypes.c_void_p
ARM = as_is = False
def sc(x86, arm, *a):
    ctypes.set_errno(0)
    return L.syscall(ctypes.c_long(arm if ARM else x86), *[ctypes.c_long(i) if isinstance(i, int) else i for i in a])
def let_in(x86, arm, *a):
    r = sc(x86, arm, *a)
    return r >= 0 or ctypes.get_errno() not in (1, 13, 38)
def read(path, n=64):
    with open(path, "rb") as f: return f.read(n)
def tried(f, *a):
    try: return f(*a)
    except (OSError, RuntimeError, MemoryError, ImportError, AttributeError, ValueError): return None
def conn(fam, kind, addr):
    s = socket.socket(fam, kind); s.settimeout(1); s.connect(addr); s.send(b"x"); return True
def main(b):
    global ARM
    ARM = b["machine"] == "aarch64"
    got = tried(attack, b)
    return got if as_is else bool(got)
def attack(b):
"""

FILES = {
    "read /etc/passwd": "return read('/etc/passwd')",
    "read the secret file": "return read(b['secret'])",
    "read through /proc/self/root": "return read('/proc/self/root' + b['secret'])",
    "read through /proc/PARENT/root": "return read('/proc/%d/root%s' % (b['pid'], b['secret']))",
    "read through /proc/PARENT/cwd": "return os.listdir('/proc/%d/cwd' % b['pid'])",
    "read through /proc/thread-self/root": "return read('/proc/thread-self/root/etc/hostname')",
    "read through /dev/fd": "return any(tried(read, '/dev/fd/%d' % n) for n in range(64))",
    "plant a symbolic link": "os.symlink(b['secret'], b['folder'] + '/planted'); return True",
    "symbolic link in a scratch place": "os.symlink('/etc/passwd', '/tmp/troth-x'); return read('/tmp/troth-x')",
    "hard link to the secret": "os.link(b['secret'], '/tmp/troth-hard'); return True",
    "write outside": "open(b['folder'] + '/evil', 'w').write('x'); return True",
    "overwrite a writable file": "open(b['writable'], 'w').write('x'); return True",
    "truncate a writable file": "os.truncate(b['writable'], 0); return True",
    "append by a raw open": "return sc(2, -1, b['writable'].encode(), 0o2001, 0) >= 0 if not ARM else False",
    "open for writing by openat": "return sc(257, 56, -100, ctypes.c_char_p(b['writable'].encode()), 2, 0) >= 0",
    "open by openat2": "h = struct.pack('QQQ', 0, 0, 0); return sc(437, 437, -100, ctypes.c_char_p(b['secret'].encode()), ctypes.c_char_p(h), 24) >= 0",
    "O_PATH then read": "d = os.open(b['secret'], os.O_PATH); return read('/proc/self/fd/%d' % d)",
    "overwrite the standard library": "import json; open(json.__file__, 'a').write('#'); return True",
    "rename the standard library": "import json; os.rename(json.__file__, json.__file__ + 'x'); return True",
    "remove a file": "os.unlink(b['writable']); return True",
    "make a directory": "os.mkdir('/troth-dir'); return True",
    "make a directory in /tmp": "os.mkdir('/tmp/troth-dir'); return True",
    "write in the working directory": "open('x', 'w').write('x'); return True",
    "write to /dev/shm": "open('/dev/shm/troth-x', 'w').write('x'); return True",
    "make a device node": "os.mknod('/tmp/troth-dev', 0o60600, os.makedev(8, 0)); return True",
    "make a FIFO": "os.mkfifo('/tmp/troth-fifo'); return True",
    "escape a chroot": "os.mkdir('/tmp/troth-jail'); os.chroot('/tmp/troth-jail'); return True",
    "chroot itself": "os.chroot('/'); return True",
    "open by handle": "return let_in(304, 265, -100, 0, 0)",
    "name to handle": "return let_in(303, 264, -100, ctypes.c_char_p(b'/'), ctypes.create_string_buffer(200), ctypes.create_string_buffer(8), 0)",
    "change mode of a file": "os.chmod(b['writable'], 0o777); return True",
    "change times of a file": "os.utime(b['writable'], (1, 1)); return True",
    "extended attribute": "os.setxattr(b['writable'], 'user.x', b'1'); return True",
    "tell whether a file exists": "os.stat(b['secret']); return True",
    "tell by access": "return os.access(b['secret'], os.F_OK)",
    "tell by readlink": "os.readlink(b['secret'])\nreturn True",
    "tell by statx": "return sc(332, 291, -100, ctypes.c_char_p(b['secret'].encode()), 0, 0xfff, ctypes.create_string_buffer(512)) == 0",
    "tell by the kind of the error": "\n    def kind(p):\n        try: os.stat(p)\n        except OSError as e: return e.errno\n        return 0\n    return kind(b['secret']) != kind(b['secret'] + '-not-there')",
    "list the file system's root for the host's": "return bool({'home', 'root', 'etc', 'var', 'srv'} & set(os.listdir('/')))",
    "statfs oracle": "return os.statvfs(b['folder']) is not None",
    "inotify on a file": "return let_in(294, 26, 0)",
    "fanotify": "return let_in(300, 262, 0, 0)",
    "read installed packages of the host": "import glob; return [p for p in glob.glob('/usr/lib/python3*/*-packages/*') + glob.glob(os.path.dirname(os.__file__) + '/site-packages/*') if os.path.exists(p)]",
    "read kernel configuration": "return read('/sys/kernel/mm/transparent_hugepage/enabled')",
}
SECRETS = {
    "read the environment": "return 'VICTIM_SECRET' in os.environ or any(v for v in os.environ)",
    "read the environment's block": "e = ctypes.POINTER(ctypes.c_char_p).in_dll(L, 'environ'); return bool(e) and any(b'VICTIM' in (e[i] or b'') for i in range(3) if e[i])",
    "read environments in /proc": "return any(b'VICTIM' in (tried(read, '/proc/%s/environ' % p, 9999) or b'') for p in os.listdir('/proc') if p.isdigit())",
    "read memory in /proc": "f = open('/proc/%d/mem' % b['pid'], 'rb'); return True",
    "read maps in /proc": "return read('/proc/%d/maps' % b['pid'])",
    "read command lines": "return read('/proc/%d/cmdline' % b['pid'])",
    "process_vm_readv": "return let_in(310, 270, b['pid'], 0, 0, 0, 0, 0)",
    "process_vm_writev": "return let_in(311, 271, b['pid'], 0, 0, 0, 0, 0)",
    "ptrace attach": "return let_in(101, 117, 16, b['pid'], 0, 0)",
    "ptrace seize": "return let_in(101, 117, 0x4206, b['pid'], 0, 0)",
    "ptrace traceme": "return let_in(101, 117, 0, 0, 0, 0)",
    "an inherited descriptor": "return any(tried(os.fstat, n) for n in range(1, 256))",
    "the victim's descriptor number": "return os.pread(b['fd'], 10, 0)",
    "pidfd_open and pidfd_getfd": "return let_in(434, 434, b['pid'], 0) or let_in(438, 438, 0, b['fd'], 0)",
    "kcmp": "return let_in(312, 272, b['pid'], b['pid'], 0, 0, 0)",
    "scan the own heap for the parent's": "\n    import gc\n    def strings():\n        for o in gc.get_objects():\n            for x in (o.values() if isinstance(o, dict) else o if isinstance(o, (list, tuple)) else ()):\n                if isinstance(x, str): yield x\n    return any(len(x) > 60 and x.startswith('victim-') and '/' not in x for x in list(strings()))",
    "share memory by sysv": "return let_in(29, 194, 0, 4096, 0o1777)",
    "attach sysv memory": "return let_in(30, 196, 0, 0, 0)",
    "message queue": "return let_in(68, 186, 0, 0o1777) or let_in(240, 180, ctypes.c_char_p(b'/x'), 0, 0, 0)",
    "read posix shared memory": "return read(b['shm'])",
    "make posix shared memory": "return L.shm_open(b'/troth-x', 0o102, 0o600) >= 0",
    "receive a descriptor": "return let_in(47, 212, 0, ctypes.create_string_buffer(64), 0)",
    "peek at the harness's caller": "f = sys._getframe()\n    while f:\n        if any('victim' in str(v).lower() and len(str(v)) < 60 and str(v).startswith('victim-') for v in f.f_globals.values()): return True\n        f = f.f_back\n    return False",
}
NETWORK = {
    "connect by TCP": "return conn(socket.AF_INET, socket.SOCK_STREAM, ('127.0.0.1', b['tcp']))",
    "connect by TCP6": "return conn(socket.AF_INET6, socket.SOCK_STREAM, ('::1', b['tcp']))",
    "listen by TCP": "s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); return True",
    "send by UDP": "return conn(socket.AF_INET, socket.SOCK_DGRAM, ('127.0.0.1', b['udp']))",
    "resolve a name": "return socket.gethostbyname('example.org')",
    "abstract socket": "return conn(socket.AF_UNIX, socket.SOCK_STREAM, chr(0) + b['abstract'])",
    "socket file": "return conn(socket.AF_UNIX, socket.SOCK_STREAM, b['socket'])",
    "socket pair": "socket.socketpair(); return True",
    "raw socket": "socket.socket(socket.AF_INET, socket.SOCK_RAW, 1); return True",
    "packet socket": "socket.socket(17, socket.SOCK_RAW); return True",
    "netlink": "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0); return True",
    "vsock": "socket.socket(40, socket.SOCK_STREAM); return True",
    "AF_ALG": "socket.socket(38, socket.SOCK_SEQPACKET); return True",
    "bluetooth": "socket.socket(31, socket.SOCK_RAW, 1); return True",
    "multipath TCP": "socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262); return True",
    "control sockets of services": "return any(tried(conn, socket.AF_UNIX, socket.SOCK_STREAM, p) for p in ('/var/run/docker.sock', '/run/containerd/containerd.sock', '/run/dbus/system_bus_socket', '/tmp/.X11-unix/X0', '/run/systemd/private'))",
    "send on the own channel as a socket": "return let_in(46, 211, 0, ctypes.create_string_buffer(64), 0)",
    "metadata service": "return conn(socket.AF_INET, socket.SOCK_STREAM, ('169.254.169.254', 80))",
}
KERNEL = {
    "user namespace": "return let_in(272, 97, 0x10000000)",
    "mount namespace": "return let_in(272, 97, 0x20000)",
    "join a namespace": "return let_in(308, 268, 0, 0)",
    "mount": "return let_in(165, 40, ctypes.c_char_p(b'none'), ctypes.c_char_p(b'/tmp'), ctypes.c_char_p(b'tmpfs'), 0, 0)",
    "new mount interface": "return let_in(430, 430, ctypes.c_char_p(b'tmpfs'), 0) or let_in(428, 428, -100, ctypes.c_char_p(b'/'), 1)",
    "pivot_root": "return let_in(155, 41, ctypes.c_char_p(b'/'), ctypes.c_char_p(b'/'))",
    "unmount": "return let_in(166, 39, ctypes.c_char_p(b'/'), 2)",
    "io_uring": "return let_in(425, 425, 4, ctypes.create_string_buffer(256))",
    "io_uring enter and register": "return let_in(426, 426, 0, 0, 0, 0, 0, 0) or let_in(427, 427, 0, 0, 0, 0)",
    "aio": "return let_in(206, 0, 1, ctypes.create_string_buffer(8))",
    "bpf": "return let_in(321, 280, 0, ctypes.create_string_buffer(128), 128)",
    "userfaultfd": "return let_in(323, 282, 1)",
    "perf": "return let_in(298, 241, ctypes.create_string_buffer(128), 0, -1, -1, 0)",
    "key ring": "return let_in(250, 219, 0, -3, 0) or let_in(248, 217, ctypes.c_char_p(b'user'), ctypes.c_char_p(b'a'), ctypes.c_char_p(b'b'), 1, -3)",
    "load a module": "return let_in(175, 105, 0, 0, ctypes.c_char_p(b'')) or let_in(313, 273, 0, ctypes.c_char_p(b''), 0)",
    "kexec": "return let_in(246, 104, 0, 0, 0, 0)",
    "reboot": "return let_in(169, 142, 0, 0, 0, 0)",
    "syslog": "return let_in(103, 116, 3, ctypes.create_string_buffer(64), 64)",
    "personality": "return let_in(135, 92, 0x0400000)",
    "quotactl, swapon, acct": "return let_in(179, 60, 0, 0, 0, 0) or let_in(167, 224, ctypes.c_char_p(b'/x'), 0) or let_in(163, 89, 0)",
    "set the time": "return let_in(227, 112, 0, ctypes.create_string_buffer(16))",
    "set the host's name": "return let_in(170, 161, ctypes.c_char_p(b'x'), 1)",
    "a second filter": "return let_in(317, 277, 1, 0, 0)",
    "prctl": "return let_in(157, 167, 38, 0, 0, 0, 0)",
    "arch_prctl": "return False if ARM else let_in(158, -1, 0x1003, ctypes.create_string_buffer(8))",
    "landlock of its own": "return let_in(444, 444, 0, 0, 1)",
    "seccomp listener": "return let_in(317, 277, 1, 8, 0)",
    "splice and vmsplice": "return let_in(275, 76, 0, 0, 0, 0, 1, 0) or let_in(278, 75, 0, 0, 0, 0)",
    "ioctl on the terminal (TIOCSTI)": "\n    import fcntl\n    fcntl.ioctl(0, 0x5412, b'x')\n    return True",
    "ioctl TIOCLINUX": "\n    import fcntl\n    fcntl.ioctl(0, 0x541C, b'\\x03')\n    return True",
    "duplicate over the own channel": "os.dup2(0, 5); return True",
    "make a pipe": "os.pipe(); return True",
    "eventfd, timerfd, signalfd, epoll": "return let_in(290, 19, 0, 0) or let_in(283, 85, 0, 0) or let_in(289, 74, -1, 0, 8, 0) or let_in(291, 20, 0)",
    "set asynchronous owner": "\n    import fcntl\n    fcntl.fcntl(0, 8, b['pid'])\n    return True",
    "lease and lock": "\n    import fcntl\n    fcntl.fcntl(0, 1024, 0)\n    return True",
    "GPU, KVM and FUSE nodes": "return any(tried(lambda p: os.open(p, os.O_RDONLY), p) for p in ('/dev/nvidia0', '/dev/nvidiactl', '/dev/kvm', '/dev/fuse', '/dev/mem', '/dev/vda', '/dev/null', '/dev/tty'))",
    "core pattern and sysctl": "open('/proc/sys/kernel/core_pattern', 'w').write('|/x'); return True",
    "cgroup release agent": "open('/sys/fs/cgroup/release_agent', 'w').write('/x'); return True",
    "memory policy and page moves": "return let_in(237, 235, 0, 0, 0, 0, 0, 0) or let_in(279, 239, b['pid'], 0, 0, 0, 0, 0)",
    "remap_file_pages": "return False if ARM else let_in(216, 234, 0, 0, 0, 0, 0)",
    "pkey mprotect": "return let_in(329, 288, 0, 4096, 5, -1)",
    "membarrier and rseq tricks": "return let_in(324, 283, 0, 0)",
}
EXECUTION = {
    "run /bin/sh": "os.execv('/bin/sh', ['sh', '-c', 'exit 0'])",
    "subprocess": "import subprocess; return subprocess.run(['/bin/true']).returncode == 0",
    "os.system": "return os.system('true') == 0",
    "posix_spawn": "return os.posix_spawn('/bin/true', ['true'], {}) > 0",
    "run the interpreter again": "os.execv(sys.executable or '/usr/bin/python3', ['python3', '-c', ''])",
    "memfd and exec": "d = os.memfd_create('x'); os.write(d, b'#!/bin/sh\\n'); os.execve(d, ['x'], {}); return True",
    "execveat": "return let_in(322, 281, -100, ctypes.c_char_p(b'/bin/true'), 0, 0, 0)",
    "fork": "\n    if os.fork() == 0: os._exit(0)\n    return True",
    "vfork": "return False if ARM else sc(58, -1) >= 0",
    "clone as a new process": "return sc(56, 220, 17, 0, 0, 0, 0) >= 0",
    "clone3": "return sc(435, 435, ctypes.create_string_buffer(struct.pack('QQQQQQQQ', 0, 0, 0, 0, 17, 0, 0, 0)), 64) >= 0",
    "a thread": "import threading; t = threading.Thread(target=print); t.start(); return True",
    "memory that is writable code": "p = L.mmap(None, ctypes.c_size_t(4096), 7, 0x22, -1, ctypes.c_size_t(0)); return p != ctypes.c_void_p(-1).value",
    "shellcode by mprotect": "p = L.mmap(None, ctypes.c_size_t(4096), 3, 0x22, -1, ctypes.c_size_t(0)); ctypes.memset(p, 0xc3, 16); return L.mprotect(ctypes.c_void_p(p), ctypes.c_size_t(4096), 5) == 0",
    "shellcode over existing code": "a = ctypes.cast(L.getpid, ctypes.c_void_p).value & ~4095; return L.mprotect(ctypes.c_void_p(a), ctypes.c_size_t(4096), 7) == 0",
    "code from shared memory mapped twice": "d = os.memfd_create('x'); os.write(d, b'\\xc3' * 4096); m = mmap.mmap(d, 4096, prot=5); return True",
    "executable stack": "return let_in(10, 226, 0x7ffff000, 4096, 0x01000007)",
    "signal another process": "os.kill(b['pid'], 0); return True",
    "signal everybody": "os.kill(-1, 0); return True",
    "signal by queue, tgkill, pidfd": "return let_in(129, 138, b['pid'], 0, 0) or let_in(234, 131, b['pid'], b['pid'], 0) or let_in(424, 424, 0, 0, 0, 0)",
    "become root": "os.setuid(0); return True",
    "set groups": "os.setgroups([0]); return True",
    "leave the process group": "os.setsid(); return True",
    "daemonise": "\n    if os.fork(): os._exit(0)\n    os.setsid()\n    return True",
    "change priority and scheduler": "return let_in(141, 140, 0, 0, -20) or let_in(144, 119, 0, 1, ctypes.create_string_buffer(8)) or let_in(203, 122, 0, 8, ctypes.create_string_buffer(8))",
    "raise a limit": "import resource; resource.setrlimit(resource.RLIMIT_AS, (-1, -1)); return True",
    "limits of the parent": "return let_in(302, 261, b['pid'], 7, 0, ctypes.create_string_buffer(16))",
    "pids of others": "return [p for p in os.listdir('/proc') if p.isdigit()]",
    "capabilities": "return let_in(126, 91, ctypes.create_string_buffer(struct.pack('II', 0x20080522, 0)), ctypes.create_string_buffer(24))",
    "the host's name": "return os.uname().nodename == b['host'] or socket.gethostname() == b['host']",
    "the host's load": "return os.getloadavg()",
    "set a timer signal": "import signal; signal.setitimer(signal.ITIMER_REAL, 100); return True",
}
DEADLY = {
    "x32 calls": "return False if ARM else sc(0x40000000 + 39, -1) > 0",
    "x32 open": "return False if ARM else sc(0x40000000 + 2, -1, ctypes.c_char_p(b['secret'].encode()), 0) >= 0",
    "4 GiB": "x = bytearray(2**32); return True",
    "4 GiB by maps": "m = mmap.mmap(-1, 2**32); return True",
    "64 MiB of disk": "open('/tmp/troth-big', 'wb').write(b'x' * 2**26); return True",
    "2000 inodes": "\n    for n in range(2000): open('/tmp/troth-%d' % n, 'w').close()\n    return True",
    "1000 descriptors": "k = [os.open(os.__file__, os.O_RDONLY) for n in range(1000)]; return True",
    "300 forks": "\n    for n in range(300):\n        if os.fork() == 0: time.sleep(9)\n    return True",
    "300 threads": "\n    import threading\n    for n in range(300): threading.Thread(target=time.sleep, args=(9,)).start()\n    return True",
    "processor for ever": "\n    while True: pass",
    "sleep for ever": "time.sleep(3600); return True",
    "ignore SIGXCPU and go on": "\n    import signal\n    for n in range(1, 65):\n        try: signal.signal(n, signal.SIG_IGN)\n        except (OSError, ValueError): pass\n    while True: pass",
    "flood standard output": "\n    while True: print('x' * 10**6)",
    "flood descriptor 1": "\n    while True: os.write(1, b'x' * 10**6)",
    "flood the answer": "\n    os.write(0, struct.pack('>Q', 2**40))\n    while True: os.write(0, b'x' * 10**6)",
    "write after the answer": "os.write(0, struct.pack('>Q', 14) + b'{\"answer\": []}' + b'{\"answer\": true}'); os._exit(0)",
    "huge power": "return len(str(9**9**8)) > 0",
    "regular expression bomb": "import re; return re.match('(a+)+$', 'a' * 50 + 'b') is None",
    "sort with an evil key": "\n    class E:\n        def __lt__(s, o):\n            while True: pass\n    return sorted([E(), E()])",
    "recursion": "\n    sys.setrecursionlimit(10**9)\n    def f(): return f()\n    return f()",
    "decimal bomb": "import decimal; decimal.getcontext().prec = 10**8; return decimal.Decimal(2) ** decimal.Decimal('0.5') ** 9 > 0",
    "factorial": "import math; return math.factorial(10**8) > 0",
    "collide hashes": "\n    class H:\n        def __hash__(s): return 1\n        def __eq__(s, o): return s is o\n    return len({H() for n in range(10**6)})",
    "a finaliser that never ends": "\n    class F:\n        def __del__(s):\n            while True: pass\n    F()\n    return True",
    "an answer whose size explodes": "\n    x = 'x' * 1000\n    for n in range(30): x = [x, x]\n    globals()['as_is'] = True\n    return x",
    "an answer that never ends": "\n    class D(dict):\n        def items(s):\n            while True: yield ('a', 1)\n    globals()['as_is'] = True\n    return D(a=1)",
}

ANSWERS = {
    "an answer that is NaN": "NaN", "an answer that is infinite": "-Infinity", "a number beyond infinity": "1e999", "a name twice": '{"a": 1, "a": 2}', "a lone surrogate": '"\\ud800"', "a number of 90,000 digits": "9" * 90_000, "20,000 levels": "[" * 20_000 + "]" * 20_000,
}
"""What a job writes as its answer by itself: text that is no JSON, or that readers take for different things."""
FRAMES = {
    "an answer in UTF-16": '{"answer": 1}'.encode("utf-16"), "an answer that is no UTF-8": b'{"answer": "\xff"}', "an answer that is a list": b'[{"answer": 1}]', "an answer that is cut": b'{"answer": 1', "a second answer behind the first": b'{"answer": 1}{"answer": 2}', "nothing": b"",
}
"""The same, as bytes."""
FURTHER = {
    "any family of sockets": "\n    for family in range(50):\n        for kind in (1, 2, 3, 5):\n            try: socket.socket(family, kind); return True\n            except OSError: pass\n    return False",
    "write its own memory by /proc": "open('/proc/self/mem', 'r+b'); return True",
    "signal by a descriptor of a process": "return let_in(424, 424, 0, 9, 0, 0)",
    "signal one thread of another": "return sc(234, 131, b['pid'], b['pid'], 0) >= 0",
    "queue a signal": "return let_in(129, 138, b['pid'], 0, ctypes.create_string_buffer(128))",
    "limits of another process": "return let_in(302, 261, b['pid'], 7, 0, 0)",
    "priority of others": "return let_in(141, 140, 0, b['pid'], 10)",
    "processors of others": "return let_in(203, 122, b['pid'], 8, ctypes.create_string_buffer(8))",
    "disk priority of others": "return let_in(251, 30, 1, b['pid'], 0)",
    "secret memory": "return let_in(447, 447, 0)",
    "advise on another's memory": "return let_in(440, 440, 0, 0, 0, 0, 0)",
    "a shadow stack": "return let_in(453, 453, 0, 0, 0)",
    "list mounts by number": "return let_in(457, 457, 0, 0, 0, 0) or let_in(458, 458, 0, 0, 0, 0)",
    "attributes of security modules": "return let_in(459, 459, 0, 0, 0, 0) or let_in(460, 460, 0, 0, 0, 0)",
    "a package of the host": "import pytest; return True",
    "read by io.open_code": "import io; return io.open_code(b['secret']).read(5)",
    "read by linecache": "import linecache; return linecache.getlines(b['secret'])",
    "read by a time zone's name": "import zoneinfo; return zoneinfo.ZoneInfo('../../../..' + b['secret']) is not None",
    "an earlier job's traces": "import builtins\n    left = hasattr(builtins, 'TROTH_LEFT')\n    builtins.TROTH_LEFT = 1\n    return left",
    "an earlier job's traces, again": "import builtins; return hasattr(builtins, 'TROTH_LEFT')",
    "the machine's own numbers": "return any(tried(read, p) for p in ('/etc/machine-id', '/proc/sys/kernel/random/boot_id', '/proc/cpuinfo', '/sys/class/dmi/id/product_uuid'))",
}
"""More of what the kernel and the interpreter offer."""
