"""Third hostile set, written before the code had run on it: streams and archives. What they would do is to make an empty file `canary` in the working folder."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib

from tests.attacks.models.corpus import malicious
from tests.attacks.models.hostile_containers import FINE, LEGACY, REG, checkpoint, keras, npy, tarred, tensor, zipped
from tests.attacks.models.hostile_pickles import call, short, stack_call, text

TOUCH = "touch canary"
SYSTEM = b"cos\nsystem\n"
RUN = b"\x80\x02cos\nsystem\n" + text(TOUCH) + b"\x85R."
"""The plainest pickle that runs something."""

# ---- names that are on no list, asked for in many forms

FILES = (  # noqa: SIM905
    "logging.FileHandler dbm.dumb.open gzip.open lzma.open bz2.BZ2File codecs.open os.mkdir os.mkfifo os.makedirs distutils.dir_util.mkpath zipfile._path.Path tarfile.TarFile.open "
    "http.cookiejar.MozillaCookieJar mailbox.mbox lib2to3.pgen2.driver.load_grammar site.addsitedir site.execsitecustomize pstats.Stats bdb.Bdb imp.load_source _xxsubinterpreters.run_string"
).split()
ASKS = (
    lambda module, name: f"c{module}\n{name}\n(Vcanary\ntR.".encode(),
    lambda module, name: b"\x80\x04" + short("m") + b"0" + short(module) + b"\x94" + short(name) + b"\x94\x93\x94" + short("canary") + b"\x85\x94R\x94.",
    lambda module, name: b"\x80\x05\x95" + struct.pack("<Q", len(_asked(module, name))) + _asked(module, name),
    lambda module, name: b"\x80\x03]" + f"c{module}\n{name}\n".encode() + text("canary") + b"\x85Ra.",
    lambda module, name: b"\x80\x02}(" + text("k") + f"c{module}\n{name}\n".encode() + text("canary") + b"\x85Ru.",
    lambda module, name: b"\x80\x04" + short("w") + f"c{module}\n{name}\n".encode() + b"(" + short("canary") + b"t}\x92" + b"\x86.",
)


def _asked(module: str, name: str) -> bytes:
    return short(module) + short(name) + b"\x93" + short("canary") + b"\x85R."


for index, full in enumerate(FILES):
    module, _, name = full.rpartition(".")
    malicious(f"third/makes_{full.replace('.', '_')}.pkl", ASKS[index % len(ASKS)](module, name))


def state(module: str, name: str, *pairs: bytes) -> bytes:
    """An empty object of a class, and a state of keys and values."""
    return b"\x80\x02" + f"c{module}\n{name}\n".encode() + b")\x81}(" + b"".join(pairs) + b"ub."


LINEAR = ("torch.nn.modules.linear", "Linear")
STREAMS = {
    # the registry of what `find_class` may be reached by
    "reduce_of_reduce": b"\x80\x02ccopyreg\n_reconstructor\n(csubprocess\nPopen\ncbuiltins\nobject\nNtR.", "newobj_by_name": b"\x80\x02ccopyreg\n__newobj__\ncsubprocess\nPopen\n" + text("true") + b"\x86R.", "getattr_system": b"\x80\x02cbuiltins\ngetattr\ncos\n__dict__\n" + text("system") + b"\x86R.",
    "getattr_of_text": b"\x80\x02cbuiltins\ngetattr\ncbuiltins\nstr\n" + text("__class__") + b"\x86R.", "getattr_mro": b"\x80\x02cbuiltins\ngetattr\ncbuiltins\nstr\n" + text("mro") + b"\x86R.", "getattr_format": b"\x80\x02cbuiltins\ngetattr\n" + text("{0.__class__}") + text("format") + b"\x86R.", "type_of_three": b"\x80\x02cbuiltins\ntype\n" + text("X") + b"(cbuiltins\nobject\nt}" + text("__del__") + SYSTEM + b"s\x87R.",
    "type_of_global": b"\x80\x02cbuiltins\ntype\ncos\nsystem\n\x85R.", "partial_system": b"\x80\x02cfunctools\npartial\n" + SYSTEM + text(TOUCH) + b"\x86R)R.", "partial_called": b"\x80\x02cfunctools\npartial\ncbuiltins\nsum\n\x85R]\x85R.", "sum_called": b"\x80\x02cbuiltins\nsum\n]\x85R.", "sorted_by_system": b"\x80\x02cbuiltins\nsorted\n](" + text(TOUCH) + b"e\x85}" + text("key") + SYSTEM + b"s\x86R.",
    "map_over_system": b"\x80\x02cbuiltins\nlist\ncbuiltins\nmap\n" + SYSTEM + b"]" + text(TOUCH) + b"a\x86R\x85R.", "defaultdict_system": b"\x80\x02ccollections\ndefaultdict\n" + SYSTEM + b"\x85R" + text("a") + b"N\x86.", "defaultdict_of_partial": b"\x80\x02ccollections\ndefaultdict\ncfunctools\npartial\n" + SYSTEM + b"\x85R\x85R.", "counter_of_map": b"\x80\x02ccollections\nCounter\ncbuiltins\nmap\n\x85R.",
    "deque_of_range": b"\x80\x02ccollections\ndeque\ncbuiltins\nrange\n\x8a\5\0\0\0\0\1\x85R\x85R.", "set_of_range": b"\x80\x02cbuiltins\nset\ncbuiltins\nrange\n\x8a\5\0\0\0\0\1\x85R\x85R.", "bytes_of_number": b"\x80\x02cbuiltins\nbytes\nJ\xff\xff\xff\x7f\x85R.", "tuple_of_range": b"\x80\x02cbuiltins\ntuple\ncbuiltins\nrange\n\x8a\5\0\0\0\0\1\x85R\x85R.", "complex_text": b"\x80\x02cbuiltins\ncomplex\n" + text("1" * 5000) + b"\x85R.",
    "exception_args": b"\x80\x02cbuiltins\nOSError\n" + SYSTEM + b"\x85R.", "exception_group": call("builtins", "ExceptionGroup", "a"), "exception_state": b"\x80\x02cbuiltins\nValueError\n)R}" + text("__traceback__") + SYSTEM + b"sb.", "exit": call("builtins", "SystemExit", "1"), "import_error_path": b"\x80\x02cbuiltins\nImportError\n)R}" + text("__reduce__") + SYSTEM + b"sb.",
    # states
    "linear_slots": b"\x80\x02ctorch.nn.modules.linear\nLinear\n)\x81N}" + text("forward") + SYSTEM + b"s\x86b.", "linear_call_impl": state(*LINEAR, text("_call_impl"), b"cfunctools\npartial\n" + SYSTEM + b"\x85R"), "linear_backward_hooks": state(*LINEAR, text("_backward_pre_hooks"), b"}K\0" + SYSTEM + b"s"), "linear_modules_system": state(*LINEAR, text("_modules"), b"}" + text("0") + SYSTEM + b"s"),
    "linear_getattr": state(*LINEAR, text("__getattr__"), SYSTEM), "linear_dict": state(*LINEAR, text("__dict__"), b"}"), "linear_twice": b"\x80\x02ctorch.nn.modules.linear\nLinear\n)\x81}b}" + text("__class__") + b"cbuiltins\nint\nsb.", "adam_step": state("torch.optim.adam", "Adam", text("step"), b"cbuiltins\nsum\n"), "adam_patched": state("torch.optim.adam", "Adam", text("_patch_step_function"), SYSTEM),
    "pipeline_with_system": state("sklearn.pipeline", "Pipeline", text("steps"), b"](" + text("s") + SYSTEM + b"\x86e"), "grid_scoring": state("sklearn.model_selection._search", "GridSearchCV", text("scoring"), SYSTEM), "transformer_eval": state("sklearn.preprocessing._function_transformer", "FunctionTransformer", text("func"), b"cbuiltins\neval\n"), "vectorizer_open": state("sklearn.feature_extraction.text", "CountVectorizer", text("analyzer"), b"cbuiltins\nopen\n"),
    "memory_of_pipeline": state("sklearn.pipeline", "Pipeline", text("memory"), b"cjoblib.memory\nMemory\n" + text("canary") + b"\x85R"), "namespace_repr": b"\x80\x02cargparse\nNamespace\n)\x81}" + text("__repr__") + SYSTEM + b"sb.", "ordered_dict_slot": b"\x80\x02ccollections\nOrderedDict\n)RN}" + text("__missing__") + SYSTEM + b"s\x86b.", "ordered_move": b"\x80\x02ccollections\nOrderedDict\n)R}" + text("move_to_end") + b"cbuiltins\nsum\nsb.",
    "enum_of_two": b"\x80\x02cuuid\nSafeUUID\n" + text("a") + b"N\x86R.", "path_from_path": b"\x80\x02cpathlib\nPosixPath\ncpathlib\nPosixPath\n" + text("canary") + b"\x85R\x85R" + text("x") + b"\x86R.", "path_open": stack_call("pathlib", "PosixPath.touch", "canary"), "regex_explodes": b"\x80\x02cre\n_compile\n" + text("(a+)+$") + b"K \x86R.", "regex_twins": b"\x80\x02cre\n_compile\n" + text("^(?:a|aa)+$") + b"K \x86R.", "regex_huge_repeat": b"\x80\x02cre\n_compile\n" + text("((a{1,200}){1,200}){1,200}b") + b"K \x86R.",
    # the stream itself
    "unhashable_key": b"\x80\x02}]K\1s.", "key_of_object": b"\x80\x02}cargparse\nNamespace\n)\x81K\1s.", "set_of_lists": b"\x80\x04\x8f(]\x90.", "frozenset_cycle": b"\x80\x04(h\0\x91\x94.", "mark_in_tuple": b"\x80\x02((t.", "stop_twice": b"\x80\x02N.." + RUN, "null_before": b"\0" + RUN, "spaces_before": b"   " + RUN, "newline_before": b"\n" + RUN, "bom_before": b"\xef\xbb\xbf" + RUN, "proto_6": b"\x80\x06" + RUN[2:], "proto_late": b"N0\x80\x02" + RUN[2:],
    "crlf_global": b"cos\r\nsystem\r\n(S'true'\r\ntR.", "name_with_space": b"cos \nsystem\n(Vtrue\ntR.", "name_nul": b"\x80\x04" + short("os\0") + short("system") + b"\x93.", "fullwidth_module": b"\x80\x04" + short("\uff4fs") + short("system") + b"\x93.", "unicode_escape_name": b"\x80\x02V\\u006fs\nVsystem\n\x93.", "bytes_as_name": b"\x80\x04C\x02osC\x06system\x93.", "old_text_name": b"\x80\x02U\x02osU\x06system\x93.", "protocol_0_memo": b"(lp0\np1\ncos\np2\nsystem\np3\n(Vtrue\ntR.", "dup_then_call": SYSTEM + b"2(Vtrue\ntR0.",
    "frame_over_name": b"\x80\x04\x95\x05\0\0\0\0\0\0\0" + short("os") + short("system") + b"\x93.", "readonly_buffer": b"\x80\x05\x97\x98.", "long_put": b"\x80\x02Nr\0\0\0\x80.", "get_negative": b"g-1\n.", "get_spaces": b"Np 0\ng 0\n.", "inst_of_allowed": b"(icollections\nOrderedDict\n.", "obj_of_allowed": b"\x80\x02(ccollections\nOrderedDict\no.", "int_of_5000_digits": b"I" + b"9" * 5000 + b"\n.", "thousand_streams": b"\x80\x02N." * 12_000 + RUN,
}  # fmt: skip
for name, data in STREAMS.items():
    malicious(f"third/stream_{name}.pkl", data)


# ---- archives that readers see differently

def header(name: str, kind: bytes, size: int, magic: bytes = b"ustar\x0000") -> bytes:
    """One block of a tar archive."""
    block = bytearray(512)
    block[0:100] = name.encode().ljust(100, b"\0")
    block[100:108], block[108:116], block[116:124] = b"0000644\0", b"0000000\0", b"0000000\0"
    block[124:136] = b"%011o\0" % size
    block[136:148] = b"00000000000\0"
    block[156:157] = kind
    block[257:265] = magic.ljust(8, b"\0")
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def padded(data: bytes) -> bytes:
    return data.ljust((len(data) + 511) // 512 * 512, b"\0")


ARRAY = npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }\n", b"\0" * 8)
HIDDEN = header("model.pkl", b"0", len(RUN)) + padded(RUN)
END = b"\0" * 1024
FIRST = header("a.npy", b"0", len(ARRAY)) + padded(ARRAY)
PAX = b"26 GNU.sparse.size=100000\n"
OLD = header("model.pkl", b"\0", len(RUN), b"") + padded(RUN) + END
TARS = {
    "folder_with_bytes.tar": FIRST + header("data/", b"5", len(HIDDEN)) + HIDDEN + END, "file_with_slash.tar": FIRST + header("model.pkl/", b"0", len(RUN)) + padded(RUN) + END, "old_form.tgz": gzip.compress(OLD), "old_form": OLD, "old_form.tar.xz": lzma.compress(OLD), "sparse_size.tar": header("PaxHeader", b"x", len(PAX)) + padded(PAX) + FIRST + END,
    "global_header_path.tar": header("g", b"g", 18) + padded(b"18 path=../../xyz\n") + FIRST + END, "contiguous.tar": header("model.pkl", b"7", len(RUN)) + padded(RUN) + END, "zero_block_between.tar": FIRST + b"\0" * 512 + HIDDEN + END, "negative_size.tar": bytes(header("a", b"0", 0)[:124]) + b"\xff" * 12 + header("a", b"0", 0)[136:] + END, "volume.tar": FIRST + header("label", b"V", 0) + HIDDEN + END,
    "dump_folder.tar": FIRST + header("data", b"D", 0) + HIDDEN + END, "long_name_away.tar": header("././@LongLink", b"L", 13) + padded(b"../../canary\0") + FIRST + END, "nested.tar.gz": gzip.compress(tarred([("inner.tar.gz", gzip.compress(tarred([("m/model.pkl", RUN, REG, "")])), REG, "")])), "space_name.tar": tarred([(" model.pkl", RUN, REG, "")]), "in_folder.nemo": tarred([("./model_weights.ckpt", zipped(checkpoint(RUN)), REG, "")]),
}  # fmt: skip
for name, data in TARS.items():
    malicious(f"third/{name}", data)


def cpio(name: str, data: bytes) -> bytes:
    """The portable form with text headers (`newc`)."""
    def one(entry: str, content: bytes) -> bytes:
        fields = [1, 0o100644, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(entry) + 1, 0]
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + entry.encode() + b"\0"
        return head.ljust((len(head) + 3) // 4 * 4, b"\0") + content.ljust((len(content) + 3) // 4 * 4, b"\0")

    return one(name, data) + one("TRAILER!!!", b"")


def locally(data: bytes, extra: bytes, at: int = 0) -> bytes:
    """The archive with an extra field in its first local header only; the directory is moved."""
    name_size = struct.unpack_from("<H", data, at + 26)[0]
    place = at + 30 + name_size
    made = bytearray(data[:place] + extra + data[place:])
    struct.pack_into("<H", made, at + 28, len(extra))
    end = made.rindex(b"PK\5\6")
    start = struct.unpack_from("<I", made, end + 16)[0] + len(extra)
    struct.pack_into("<I", made, end + 16, start)
    first = True
    while made[start : start + 4] == b"PK\1\2":
        if not first:
            struct.pack_into("<I", made, start + 42, struct.unpack_from("<I", made, start + 42)[0] + len(extra))
        first = False
        start += 46 + sum(struct.unpack_from("<HHH", made, start + 28))
    return bytes(made)


def local_name(raw: bytes) -> bytes:
    return struct.pack("<HHBI", 0x7075, 5 + len(raw), 1, zlib.crc32(b"m/data.pkl")) + raw


ONE = zipped({"m/data.pkl": b"\x80\x02}.", "m/version": b"3\n"})
LZMA_SMALL = lzma.compress(RUN, lzma.FORMAT_ALONE, filters=[{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 12}])
LZMA_ODD = lzma.compress(RUN, lzma.FORMAT_ALONE, filters=[{"id": lzma.FILTER_LZMA1, "lc": 0, "lp": 2, "pb": 0, "dict_size": 1 << 16}])
PACKED = {
    "small_window.bin": LZMA_SMALL, "small_window": LZMA_SMALL, "odd_window.bin": LZMA_ODD, "raw_deflate.pkl": zlib.compress(RUN)[2:-4], "small_zlib.pkl": zlib.compressobj(9, zlib.DEFLATED, 9).compress(RUN) + b"", "with_name.gz": b"\x1f\x8b\x08\x1c" + b"\0" * 6 + b"\4\0abcdmodel.pkl\0note\0" + zlib.compress(RUN)[2:-4] + struct.pack("<II", zlib.crc32(RUN), len(RUN)),
    "second_member.pkl.gz": gzip.compress(b"\x80\x02") + gzip.compress(RUN[2:]), "second_stream.pkl.bz2": bz2.compress(b"\x80\x02N.") + bz2.compress(RUN), "padded_stream.pkl.xz": lzma.compress(b"\x80\x02N.") + b"\0" * 4 + lzma.compress(RUN), "zeros_behind.pkl.gz": gzip.compress(b"\x80\x02N.") + b"\0" * 512 + gzip.compress(RUN), "model.cpio": cpio("model.pkl", RUN), "rar_archive.rar": b"Rar!\x1a\x07\x01\0" + b"\x33\x92\xb5\xe5\x0a\x01\x05\x06\0\x05\x01\x01\x80\x80\0" + RUN,
    "library_archive.a": b"!<arch>\n" + b"model.pkl/      0           0     0     644     " + b"%-10d`\n" % len(RUN) + RUN, "lzip.lz": b"LZIP\1\x0c" + LZMA_SMALL[13:], "compress.Z": b"\x1f\x9d\x90" + RUN, "snappy.sz": b"\xff\6\0\0sNaPpY" + b"\1" + struct.pack("<I", len(RUN) + 4)[:3] + b"\0\0\0\0" + RUN, "cabinet.cab": b"MSCF\0\0\0\0" + struct.pack("<I", 80) + b"\0" * 24 + RUN,
    "local_second_name.pt": locally(ONE, local_name(b"m/evil.pkl")), "local_wide_sizes.pt": locally(ONE[:18] + b"\xff" * 8 + ONE[26:], struct.pack("<HHQQ", 1, 16, 1, 1)), "pickle_named_text.zip": zipped({"notes.txt": RUN, "a.npy": ARRAY}), "pickle_without_suffix.zip": zipped({"weights": RUN, "a.npy": ARRAY}), "array_is_pickle.npz": zipped({"a.npy": ARRAY, "b.npy": RUN}), "upper_array.npz": zipped({"a.NPY": npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n", RUN), "b.npy": ARRAY}),
    "three_deep.zip": zipped({"a.zip": zipped({"b.tar": tarred([("c.pkl.gz", gzip.compress(RUN), REG, "")])})}), "data_in_root.pt": zipped({"data.pkl": RUN, "version": b"3\n", "m/data.pkl": b"\x80\x02}."}), "two_pickles.pt": zipped({"m/data.pkl": b"\x80\x02}.", "m/version": b"3\n", "m/constants.pkl": RUN}), "export_with_pickle.pt2": zipped({"m/archive_format": b"pt2", "m/data/weights/model.pt": zipped(checkpoint(RUN)), "m/models/model.json": b"{}", "m/version": b"1"}),
    "keras_hidden_pickle.keras": zipped({"config.json": b"{}", "metadata.json": b"{}", "model.weights.h5": RUN}), "legacy_two_objects.pth": b"".join([*LEGACY, b"\x80\x02N.", b"\x80\x02]."]) + RUN, "legacy_with_module.pth": b"".join([*LEGACY, b"\x80\x02(" + text("module") + SYSTEM + text("a") + text("b") + b"tQ.", b"\x80\x02]."]),
    "llamafile": b"MZqFpD='\n\n" + b"#!/bin/sh\ntouch canary\nexit\n" + b"GGUF" + b"\0" * 64, "script_first.pt": b"#!/bin/sh\ntouch canary\nexit\n" + FINE, "gif_first.pkl": b"GIF89a" + RUN, "picture_and_pickle.pkl": b"\x89PNG\r\n\x1a\n" + RUN, "pdf_and_zip.pt": b"%PDF-1.4\n" + FINE,
}  # fmt: skip
for name, data in PACKED.items():
    malicious(f"third/{name}", data)


def _zip_bomb() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(40):
            archive.writestr(f"{number}.npy", npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2000000,), }\n", b"\0" * 16_000_000))
    return made.getvalue()


malicious("third/bomb.npz", _zip_bomb)
malicious("third/bomb.tar.bz2", lambda: bz2.compress(header("a.npy", b"0", 50_000_000) + b"\0" * 50_000_256))
malicious("third/bomb_in_bomb.pkl.xz", lambda: lzma.compress(lzma.compress(b"\x80\x02" + b"N0" * 20_000_000 + b"N.")))
malicious("third/repeated.keras", keras({"class_name": "Functional", "module": "keras", "config": {"layers": [{"class_name": "Lambda", "module": "keras.layers", "config": {"function": {"class_name": "__lambda__", "config": {"code": "4wEAAAA="}}}}]}}))
malicious("third/spread.pt", zipped(checkpoint(tensor(count=4, size=1 << 30, stride=0))))


def _pax_folder() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as archive:
        entry = tarfile.TarInfo("a")
        entry.pax_headers = {"path": "x/../../canary"}
        entry.size = 1
        archive.addfile(entry, io.BytesIO(b"x"))
    return made.getvalue()


malicious("third/old_tape.tar", _pax_folder)
