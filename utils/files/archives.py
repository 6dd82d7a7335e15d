"""Archives in and out: data.zip, checked before a byte of it is written, and the zips that notebooks give back."""

import bz2
import errno
import gzip
import io
import lzma
import os
import posixpath
import re
import stat
import struct
import tarfile
import tempfile
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from utils.files.errors import one_line
from utils.files.image_files import HEAD, IMAGE_SUFFIXES, begins_like_an_image, is_image_name
from utils.files.names import DEVICES, LeftAside, is_hidden, is_system_folder, on_disk, usual_suffix
from utils.files.whole import start_anew, sweep, write_whole

MARK = ".archive.json"  # says in a folder which archive filled it
LINK, DEVICE = "a link", "a device"
PIECE = 2**20  # bytes copied at once
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)  # LZMA may ask for any amount of memory
DIRECTORY_ENTRY = 150  # bytes that a member takes in a zip's directory, more or less: 46, its name twice, its times
RATION = 2**20  # bytes that may describe one member of a tar
XZ_MEMORY = 128 * 2**20  # bytes; xz -9 needs 65 MiB
LONGEST_NAME, LONGEST_PART = 1000, 200  # bytes; systems allow 255 a part, of which a temporary name takes some
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")
STORED = (*IMAGE_SUFFIXES[:4], ".gif", ".zip", ".npz", ".keras", ".mp4")  # deflating these again saves nothing


def extract_archive(
    archive: str | os.PathLike,
    folder: str | os.PathLike,
    *,
    limit: int = 4 * 2**30,
    max_members: int = 500_000,
) -> list[Path]:
    """Unpack the images of a zip or tar archive, folders as they are in it; all other files stay inside.

    Every member is checked before a byte is written. Files appear whole or not at all. What is no image is passed over
    and counted: texts, links, what the Finder and servers put in. Backslashes part folders, as PowerShell 5 writes.

    Args:
        archive: .zip, .tar, .tar.gz, .tar.bz2 or .tar.xz; what it is shows in its content.
        folder: where to, made if missing. Files of the same names are replaced.
        limit: most bytes that the archive may unpack to, declared or real.
        max_members: most files and folders that it may hold.

    Returns:
        Paths of the images written, in the archive's order.

    Raises:
        FileNotFoundError: there is no such archive.
        ValueError: it is damaged or too large, holds no image, or a member is unsafe: a path that leaves the folder, or
            an image that is encrypted, a link, a device, there twice, or has a name that not every system can hold. The
            message names the member.

    Example:
        >>> extract_archive("data.zip", "data")[0]
        PosixPath('data/lines/lines-000001.jpg')
    """
    archive, folder = on_disk(archive), on_disk(folder)
    if not archive.is_file():
        raise FileNotFoundError(f"there is no archive {archive}: upload or copy it there, or give its path")
    with open(archive, "rb") as file:
        reader = _ZipReader if file.read(2) == b"PK" else _TarReader
    try:
        with reader(archive, max_members) as source:
            images, left = _check(source, limit, max_members)
            _check_folders(folder, images)
            _leave_twins(folder, images, left)
            written = _copy(source, images, folder, limit)
    except _Unsafe as unsafe:
        raise ValueError(f"{archive} was not unpacked: {unsafe.args[0]}; {unsafe.args[1]}") from None
    except Exception as error:  # a damaged archive can fail in any way
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):  # a full disk, a forbidden folder
            raise
        raise ValueError(
            f"{archive} is damaged, or neither zip nor tar ({one_line(error)}): download or pack it again"
        ) from error
    if left:
        print(f"{archive}: {len(written)} images unpacked. Passed over: {left}.")
    return written


class _Unsafe(Exception):
    """What is wrong with an archive, and the way out."""


@dataclass
class _Member:
    name: str
    size: int
    kind: str  # "file", "folder", or what else it is, in words
    handle: zipfile.ZipInfo | tarfile.TarInfo


class _ZipReader:
    reads_all = False  # what is passed over is not unpacked

    def __init__(self, path, max_members):
        # every entry of the directory becomes an object of a kilobyte before the first can be looked at
        if _directory_size(path) > max_members * DIRECTORY_ENTRY:
            raise _Unsafe(f"it holds far more than {max_members:,} members", "split it, or raise max_members")
        self.file = zipfile.ZipFile(path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def members(self) -> Iterator[_Member]:
        for info in self.file.infolist():
            mode = stat.S_IFMT(info.external_attr >> 16)  # 0 if the archive was not made under Unix
            if info.flag_bits & 1:
                kind = "encrypted"
            elif mode == stat.S_IFLNK:
                kind = LINK
            elif mode not in (0, stat.S_IFREG, stat.S_IFDIR):
                kind = DEVICE
            elif info.compress_type not in METHODS:
                kind = f"packed by method {info.compress_type}, which is neither deflate nor bzip2"
            else:
                kind = "folder" if info.orig_filename.endswith(("/", "\\")) else "file"
            yield _Member(info.orig_filename, info.file_size, kind, info)

    def open(self, info):
        return self.file.open(info)

    def head(self, info):
        """The first bytes of a member, while members are listed."""
        with self.open(info) as packed:
            return packed.read(HEAD)


def _directory_size(path):
    """Bytes of a zip's central directory, as its end says."""
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 2**16 - 64))
        end = file.read()
    at, at_64 = end.rfind(b"PK\x05\x06"), end.rfind(b"PK\x06\x06")  # the end, and the one of more than 4 GiB
    if at_64 >= 0 and len(end) >= at_64 + 48:
        return struct.unpack_from("<Q", end, at_64 + 40)[0]
    return struct.unpack_from("<L", end, at + 12)[0] if 0 <= at <= len(end) - 16 else 0


class _TarReader:
    reads_all = True

    def __init__(self, path, max_members):
        self.file = open(path, "rb")  # noqa: SIM115
        start = self.file.read(6)
        self.file.seek(0)
        unpack = next((unpack for magic, unpack in UNPACKERS.items() if start.startswith(magic)), lambda file: file)
        self.rationed = _Rationed(unpack(self.file))
        self.tar = tarfile.open(fileobj=self.rationed, mode="r:")  # noqa: SIM115

    __enter__ = _ZipReader.__enter__

    def __exit__(self, *_):
        self.tar.close()
        self.file.close()

    def members(self) -> Iterator[_Member]:
        for info in self.tar:
            self.rationed.left = RATION
            self.tar.members = []  # tarfile would keep them all
            if info.issym() or info.islnk():
                kind = LINK
            elif info.issparse():
                kind = "a file with holes"
            else:
                kind = "file" if info.isreg() else "folder" if info.isdir() else DEVICE
            yield _Member(info.name, info.size, kind, info)

    def open(self, info):
        self.rationed.left = float("inf")  # `_copy` counts now
        return self.tar.extractfile(info)

    def head(self, info):
        head = self.tar.extractfile(info).read(HEAD)
        self.rationed.left = RATION
        return head


class _Rationed:
    """A tar file that is read member by member: what describes one member (its name, its holes) must not be endless."""

    def __init__(self, file):
        self.file, self.left = file, RATION

    def read(self, count):
        self.left -= count
        if self.left < 0:
            raise _Unsafe(f"one of its members is described in more than {RATION:,} bytes", "pack the files again")
        return self.file.read(count)

    def seek(self, place):
        return self.file.seek(place)

    def tell(self):
        return self.file.tell()

    def close(self):
        self.file.close()


class _XZ(io.RawIOBase):
    """A .xz file with a limit to the memory that it may ask for; `lzma.LZMAFile` has none."""

    def __init__(self, file):
        self.packed, self.place = file, 0
        self._start()

    def _start(self):
        self.packed.seek(0)
        self.decoder, self.place = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY), 0

    def readable(self):
        return True

    def seekable(self):
        return True

    def tell(self):
        return self.place

    def seek(self, place, whence=io.SEEK_SET):
        if place < self.place:
            self._start()
        while self.place < place and self.read(min(PIECE, place - self.place)):
            pass
        return self.place

    def readinto(self, buffer):
        content = b""
        while not content and not self.decoder.eof:
            packed = self.packed.read(2**16) if self.decoder.needs_input else b""
            if self.decoder.needs_input and not packed:
                raise EOFError("it is cut short")
            content = self.decoder.decompress(packed, len(buffer))
        buffer[: len(content)] = content
        self.place += len(content)
        return len(content)


UNPACKERS = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ": lambda file: io.BufferedReader(_XZ(file)),
}


def _check(source, limit, max_members):
    """Look at every member, write nothing.

    Returns:
        The images as {path within the folder: member}, and what is passed over. Whatever leaves the folder refuses the
        archive; all other checks are for images alone.
    """
    images, left, links, total, packed = {}, LeftAside(), {}, 0, None
    for count, member in enumerate(source.members(), 1):
        name = member.name.replace("\\", "/")
        if count > max_members:
            raise _Unsafe(f"it holds more than {max_members:,} members", "split it, or raise max_members")
        if problem := _leaves(name):
            raise _Unsafe(f"its member {_shown(member.name)} {problem}", "pack the files again by relative names")
        path = posixpath.normpath(name)
        image = _is_image(source, path, member)
        if image or source.reads_all:
            total += member.size
        if total > limit:  # asked at each member, so that a tar bomb is not read to its end
            raise _Unsafe(
                f"up to {_shown(member.name)} it unpacks to more than {limit:,} bytes", "split it, or raise limit"
            )
        if member.kind == "folder":
            continue
        if member.kind in (LINK, DEVICE):
            links[_folded(path)] = member
        if not image:
            _pass_over(member.kind, path, left)
            packed = packed or (name if path.lower().endswith(ARCHIVES) else None)
            continue
        if member.kind != "file":
            raise _Unsafe(f"its member {_shown(member.name)} is {member.kind}", "pack the plain files again")
        if problem := _unsafe_name(name):
            raise _Unsafe(f"its member {_shown(member.name)} {problem}", "pack the files again under other names")
        if path in images:
            raise _Unsafe(
                f"its members {_shown(images[path].name)} and {_shown(member.name)} are one and the same file",
                "rename or remove one",
            )
        images[path] = member
    if not images and packed:
        raise _Unsafe(f"it holds no image but an archive, {_shown(packed)}", "unpack it first, and give that one")
    if not images:
        others = f"; passed over: {left}" if left else ""
        raise _Unsafe("it holds no image", f"put images into it ({' '.join(IMAGE_SUFFIXES)}){others}")
    for path, member in images.items():
        for parent in _parents(path):
            if parent in images:
                raise _Unsafe(f"its member {_shown(images[parent].name)} is a file and a folder", "rename one")
            if _folded(parent) in links:
                name = _shown(links[_folded(parent)].name)
                raise _Unsafe(
                    f"its member {name}, which {_shown(member.name)} lies in, is a link or device", "remove it"
                )
    return images, left


def _is_image(source, path, member):
    """Whether a member would be written: an image by its name, or by its first bytes where it has no usual suffix."""
    *folders, base = path.split("/")
    if member.kind == "folder" or any(map(is_system_folder, folders)) or is_hidden(base):
        return False
    if is_image_name(base):
        return True
    if usual_suffix(base) or member.kind != "file" or "\r" in base:
        return False
    with suppress(Exception):  # a damaged one is none
        return begins_like_an_image(source.head(member.handle))
    return False


def _pass_over(kind, path, left):
    system = next(filter(is_system_folder, path.split("/")[:-1]), None)
    if system:
        left.add("system file", system)
    elif kind in (LINK, DEVICE):
        left.add("link" if kind == LINK else "no file", path)
    else:
        left.add_file(path)


def _leave_twins(folder, images, left):
    """Take out images whose names this disk takes for an earlier one's: not every disk tells a.jpg from A.jpg."""
    first, twins = {}, []
    for path in images:
        twin = first.setdefault(_folded(path), path)
        twins += [(twin, path)] if twin != path else []
        twins += [(first[parent], path) for parent in map(_folded, _parents(path)) if parent in first]
    if not twins:
        return
    there = next(place for place in (folder, *folder.absolute().parents) if place.is_dir())
    with tempfile.TemporaryDirectory(prefix=".names-", dir=there) as trial:
        for number, (one, other) in enumerate(twins):
            if _one_on_disk(Path(trial, str(number)), one, other) and images.pop(other, None):
                left.add("twin", other)


def _one_on_disk(place, one, other):
    """Whether two paths are one, or one lies in the other, on the disk of an empty folder."""
    (place / one).parent.mkdir(parents=True, exist_ok=True)
    (place / one).touch()
    return any((place / part).is_file() for part in (other, *_parents(other)))


def _folded(path):
    """What two names have in common that are one file on macOS or Windows."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def _shown(name):
    return repr(name if len(name) <= 80 else f"{name[:40]}...{name[-37:]}")


def _leaves(name):
    """What leads out of the folder in a member's name."""
    if name.startswith("/") or re.match("[A-Za-z]:", name):
        return "has an absolute path"
    return "leaves the folder" if ".." in name.split("/") else None


def _unsafe_name(name):
    """What is wrong with the name of an image that would be written."""
    parts = name.split("/")
    if any(ord(letter) < 32 for letter in name):
        return "has no printable name"
    if os.name == "nt" and ":" in name:
        return "has an absolute path"
    if any("\ud800" <= letter <= "\udfff" for letter in name):
        return "has a name in an unknown encoding"
    if len(name.encode()) > LONGEST_NAME or max(len(part.encode()) for part in parts) > LONGEST_PART:
        return "has too long a name"
    if any(map(DEVICES.match, parts)):
        return "has the name of a device under Windows"
    return None


def _check_folders(folder, images):
    """A link that lies in the folder already must not lead a member out of it."""
    inside = folder.resolve()
    for parent in sorted({parent for path in images for parent in _parents(path)}):
        if not (folder / parent).resolve().is_relative_to(inside):
            raise _Unsafe(f"{folder / parent} is a link that leaves {folder}", "remove the link, or unpack elsewhere")


def _parents(path):
    while path := posixpath.dirname(path):
        yield path


def _copy(source, images, folder, limit):
    from utils.progress import tqdm

    written, total = [], 0
    for place in {(folder / path).parent for path in images}:
        sweep(place)
    for path, member in tqdm(images.items(), desc="Unpacking", unit=" images", delay=2):
        with source.open(member.handle) as packed, write_whole(folder / path) as temporary:
            with open(temporary, "wb") as file:
                while piece := packed.read(PIECE):
                    total += len(piece)
                    if total > limit:  # the sizes it declared were a lie
                        raise _Unsafe(
                            f"its member {_shown(member.name)} goes over {limit:,} bytes", "split it, or raise limit"
                        )
                    file.write(piece)
            if temporary.stat().st_size != member.size:
                raise EOFError(f"{member.name} is cut short")
        written.append(folder / path)
    return written


def write_archive(
    archive: str | os.PathLike, files: Iterable[str | os.PathLike], root: str | os.PathLike | None = None
) -> Path:
    """Pack files into a zip, which appears whole or not at all.

    Args:
        archive: e.g. "inference.zip".
        files: what to pack, in this order; folders among them, and the archive itself, are left out.
        root: the folder that names in the archive are relative to; by default the deepest one that holds all files.

    Returns:
        The archive's path.

    Raises:
        ValueError: there is no file to pack, or one lies outside `root`.

    Example:
        >>> write_archive("output.zip", Path("run/gan/0001_lines").rglob("*"), root="run/gan")
        PosixPath('output.zip')
    """
    from utils.progress import tqdm

    archive = Path(archive)
    paths = [path for path in dict.fromkeys(map(Path, files)) if path.is_file() and path.resolve() != archive.resolve()]
    if not paths:
        raise ValueError(f"there is no file to pack into {archive}: run the cells that make them first")
    root = Path(root).resolve() if root else Path(os.path.commonpath([path.resolve().parent for path in paths]))
    outside = next((path for path in paths if not path.resolve().is_relative_to(root)), None)
    if outside:
        raise ValueError(f"{outside} lies outside {root}, so it has no name within {archive}: give another root")
    start_anew(archive)
    with (
        write_whole(archive) as temporary,
        zipfile.ZipFile(temporary, "w", strict_timestamps=False) as packed,
    ):
        for path in tqdm(paths, desc=f"Packing {archive.name}", unit=" files", delay=2):
            kind = zipfile.ZIP_STORED if path.suffix.lower() in STORED else zipfile.ZIP_DEFLATED
            packed.write(path, path.resolve().relative_to(root).as_posix(), compress_type=kind)
    return archive
