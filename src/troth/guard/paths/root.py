"""A directory that a program confines itself to.

The directory is opened once and held: renaming it, or planting a link in its place, changes nothing for a `Root` that exists.
Does not change permissions of what it reads and does not cross into mounts below it unless asked.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Final

from troth.guard.paths.attribution import through_guard
from troth.guard.paths.blacklist import Blacklist
from troth.guard.paths.kernel import open_beneath
from troth.guard.paths.refusal import PathRefusedError

__all__ = ["Root"]

_LONGEST: Final = 4096
_LONGEST_PART: Final = 255
"""Bytes of one name on the file systems of Linux and macOS."""
_LEAVING: Final = frozenset(
    (errno.EXDEV, errno.ELOOP, errno.EACCES, errno.ENOENT, errno.ENOTDIR, errno.EPERM, errno.ENAMETOOLONG)
)
_OUTSIDE: Final = "This path does not name a readable file below the root"
_READ: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)


class Root:
    """Files below one directory, and none else.

    Args:
        directory: the root; it must exist.
        blacklist: names refused even below the root; None = no further rule.
        hard_links: whether a file with more than one name may be opened (another name may lie outside).
        other_devices: whether mount points below the root may be crossed.

    Raises:
        PathRefusedError: `directory` is not a directory.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        *,
        blacklist: Blacklist | None = None,
        hard_links: bool = False,
        other_devices: bool = False,
    ) -> None:
        try:
            self._descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise PathRefusedError(
                "outside", f"The root is not a directory that can be opened: {error.strerror}"
            ) from error
        self.path = _name_of(self._descriptor, os.path.realpath(directory))  # of what is held, whatever is there by now
        self._blacklist = blacklist
        self._hard_links = hard_links
        self._other_devices = other_devices

    def close(self) -> None:
        """Give the held directory back; further calls are refused."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Root:
        """The root itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def __del__(self) -> None:
        """Close it when nobody holds it any more."""
        with suppress(AttributeError, OSError):
            self.close()

    def descriptor(self, path: str | os.PathLike[str]) -> int:
        """A read-only descriptor of a regular file; the caller closes it.

        Args:
            path: relative to the root; an absolute path is accepted where it lies below the root's real path.

        Raises:
            PathRefusedError: outside, not a regular file, hard-linked, or on the blacklist.
        """
        name = self._relative(path)
        try:
            descriptor = open_beneath(self._descriptor, name, _READ, other_devices=self._other_devices)
        except OSError as error:
            raise self._refusal(error) from None
        try:
            self._demand_file(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def open(self, path: str | os.PathLike[str], *, text: bool = False) -> IO[str] | IO[bytes]:
        """A regular file for reading, binary by default, UTF-8 with `text`.

        Raises:
            PathRefusedError: see `descriptor`.
        """
        descriptor = self.descriptor(path)
        return os.fdopen(descriptor, "r", encoding="utf-8") if text else os.fdopen(descriptor, "rb")

    def read_bytes(self, path: str | os.PathLike[str], *, limit_bytes: int = 64 * 1024 * 1024) -> bytes:
        """Content of a regular file.

        Raises:
            PathRefusedError: see `descriptor`; or the file is larger than `limit_bytes`.
        """
        with os.fdopen(self.descriptor(path), "rb") as file:
            data = file.read(limit_bytes + 1)
        if len(data) > limit_bytes:
            raise PathRefusedError("size", f"This file is larger than {limit_bytes} bytes")
        return data

    def walk(self) -> Iterator[str]:
        """Relative paths of all regular files that this root would open, sorted within each directory; links are not followed."""
        waiting = self._children("")  # a list and not recursion: a tree may be deeper than a stack, and than descriptors go
        while waiting:
            path, folder = waiting.pop()
            if folder:
                waiting += self._children(path)
                continue
            try:
                os.close(self.descriptor(path))
            except PathRefusedError:
                continue
            yield path

    @contextmanager
    def write(self, path: str | os.PathLike[str], *, mode: int = 0o600, replace: bool = False) -> Iterator[IO[bytes]]:
        """Write a file as a whole: into a new one beside it, then moved into place; nothing is left where the body raises.

        Args:
            path: relative to the root; its directory must exist.
            mode: permission bits, before the umask.
            replace: whether an existing regular file may be replaced; a link or anything else there is always refused.

        Raises:
            PathRefusedError: outside, exists, or not replaceable.
        """
        folder, name = os.path.split(self._relative(path))
        if not name or name in (".", ".."):
            raise PathRefusedError("name", "This path names no file")
        if mode & ~0o777:
            raise PathRefusedError("mode", "A file with special rights (set-user, set-group, sticky) is not written")
        directory = self._directory(folder)
        try:
            self._demand_name(directory, name)
            self._demand_replaceable(directory, name, replace=replace)
            with _written(directory, name, mode, replace=replace) as file:
                yield file
        finally:
            os.close(directory)

    def make_directory(self, path: str, mode: int = 0o700) -> None:
        """Make a directory and those above it, below the root; existing ones are kept.

        Raises:
            PathRefusedError: a component is a link, is no directory, or leaves the root.
        """
        current = os.dup(self._held())
        try:
            for part in (part for part in self._relative(path).split("/") if part not in ("", ".")):
                self._demand_name(current, part)
                with suppress(FileExistsError), through_guard():
                    os.mkdir(part, mode, dir_fd=current)
                try:
                    with through_guard():
                        deeper = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=current)
                except OSError:
                    raise PathRefusedError("outside", "A part of this path is no directory of the root") from None
                os.close(current)
                current = deeper
                if not self._other_devices and os.fstat(current).st_dev != os.fstat(self._held()).st_dev:
                    raise PathRefusedError("outside", "A part of this path is no directory of the root")
        finally:
            os.close(current)

    def _held(self) -> int:
        if self._descriptor < 0:
            raise PathRefusedError("outside", "The root is closed")
        return self._descriptor

    def _relative(self, path: str | os.PathLike[str]) -> str:
        try:
            name = os.fspath(path)
        except TypeError:  # a descriptor's number, for instance
            raise PathRefusedError("name", "This is no path") from None
        if not isinstance(name, str) or not name or "\0" in name or len(name) > _LONGEST:
            raise PathRefusedError("name", "This is no path: empty, too long, not text, or with a NUL in it")
        if len(name) > _LONGEST_PART or not name.isascii():
            _demand_storable(name)
        self._held()
        if name.startswith("/"):
            for base in (self.path,):
                if name == base or name.startswith(base.rstrip("/") + "/"):
                    return name[len(base.rstrip("/")) + 1 :] or "."
            raise PathRefusedError("outside", _OUTSIDE)
        return name

    def _refusal(self, error: OSError) -> PathRefusedError:
        """One sentence for everything that could tell what lies outside."""
        if error.errno in _LEAVING:
            return PathRefusedError("outside", _OUTSIDE)
        return PathRefusedError("kind", f"This path cannot be opened: {error.strerror}")

    def _demand_file(self, descriptor: int) -> None:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise PathRefusedError("kind", "This is no regular file")
        if status.st_nlink > 1 and not self._hard_links:
            raise PathRefusedError("links", "This file has another name (a hard link), which may lie outside")
        if self._blacklist is not None:
            if status.st_nlink == 0:
                raise PathRefusedError("links", "This file was removed meanwhile, so that nobody can say what it was called")
            self._blacklist.demand(_name_of(descriptor, self.path), root=self.path)

    def _demand_name(self, directory: int, name: str) -> None:
        """Judge a name that is about to come into a directory: by where that directory really is, not by how it was called."""
        if self._blacklist is not None:
            self._blacklist.demand(os.path.join(_name_of(directory, self.path), name), root=self.path)

    def _directory(self, folder: str) -> int:
        if folder in ("", "."):
            return os.dup(self._held())
        try:
            return open_beneath(
                self._descriptor, folder, os.O_RDONLY | os.O_DIRECTORY, other_devices=self._other_devices
            )
        except OSError as error:
            raise self._refusal(error) from None

    @staticmethod
    def _demand_replaceable(directory: int, name: str, *, replace: bool) -> None:
        try:
            status = os.stat(name, dir_fd=directory, follow_symlinks=False)
        except FileNotFoundError:
            return
        if not replace:
            raise PathRefusedError("exists", "There is something of this name already")
        if not stat.S_ISREG(status.st_mode):
            raise PathRefusedError("kind", "What is there is no regular file and is not replaced")

    def _children(self, folder: str) -> list[tuple[str, bool]]:
        """Paths of files and directories in a directory of the root, and which are directories, last first."""
        try:
            directory = os.dup(self._held()) if not folder else open_beneath(self._held(), folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, links=False, other_devices=self._other_devices)
        except OSError:
            return []  # gone, replaced by a link or moved out meanwhile: not ours to follow
        try:
            if not self._other_devices and os.fstat(directory).st_dev != os.fstat(self._held()).st_dev:
                return []
            with os.scandir(directory) as entries:
                found = sorted(entries, key=lambda entry: entry.name, reverse=True)
            prefix = folder + "/" if folder else ""
            kinds = ((prefix + entry.name, entry.is_dir(follow_symlinks=False), entry.is_file(follow_symlinks=False)) for entry in found)
            return [(path, folder) for path, folder, file in kinds if (folder or file) and len(path) <= _LONGEST]
        finally:
            os.close(directory)


def _demand_storable(name: str) -> None:
    """Refuse what the kernel would refuse later, by an error of its own, when something may have been made already."""
    try:
        longest = max(map(len, os.fsencode(name).split(b"/")))
    except UnicodeEncodeError:
        raise PathRefusedError("name", "This is no path: it holds lone surrogates, which no file system carries") from None
    if longest > _LONGEST_PART:
        raise PathRefusedError("name", f"A part of this path is longer than {_LONGEST_PART} bytes")


@contextmanager
def _written(directory: int, name: str, mode: int, *, replace: bool) -> Iterator[IO[bytes]]:
    """A new file under a name that nobody can guess, linked or renamed into place when the body ends well."""
    temporary = f".{os.urandom(8).hex()}.part"
    with through_guard():
        descriptor = os.open(
            temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode, dir_fd=directory
        )
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if replace:
            with through_guard():
                os.replace(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)
        else:
            # link(2) refuses an existing name, which rename(2) would silently replace
            try:
                with through_guard():
                    os.link(temporary, name, src_dir_fd=directory, dst_dir_fd=directory, follow_symlinks=False)
            except FileExistsError:
                raise PathRefusedError("exists", "There is something of this name already") from None
    finally:
        with suppress(FileNotFoundError), through_guard():
            os.unlink(temporary, dir_fd=directory)


def _name_of(descriptor: int, root: str) -> str:
    """Real path of an open file, from the kernel; where it does not tell, the root's (whose own names were checked)."""
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        pass
    try:
        import fcntl

        answer = fcntl.fcntl(descriptor, 50, b"\0" * 1024)  # F_GETPATH of macOS <sys/fcntl.h>
        return os.fsdecode(answer.rstrip(b"\0"))
    except (ImportError, OSError):
        return root
