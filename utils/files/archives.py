"""Archives in and out: data.zip, checked before a byte of it is written, and the zips that notebooks give back."""

import bz2
import errno
import gzip
import hashlib
import io
import lzma
import os
import posixpath
import re
import shutil
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
from utils.files.image_files import HEAD, IMAGE_SUFFIXES, begins_like_an_image, is_image_file, is_image_name
from utils.files.in_progress import FolderInUse, folder_lock
from utils.files.json_files import read_json
from utils.files.names import DEVICES, LeftAside, is_hidden, is_system_folder, on_disk, one_form, shown, usual_suffix
from utils.files.whole import start_anew, sweep, write_json, write_whole

MARK = ".archive.json"  # says in a folder which archive filled it
STAGE = ".unpacking"  # where a set waits until it is whole and takes another's place
TAKEN = ("generators", "upscalers", "readers")  # folders below data/ that hold no images
ENDINGS = re.compile(r"(\.(zip|tgz|tbz2?|txz|tar|tar\.(gz|bz2|xz)))?$", re.IGNORECASE)
NO_NAME = re.compile(r'[<>:"/\\|?*]')  # what Windows has in no name
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
    replace: bool = False,
    limit: int = 4 * 2**30,
    max_members: int = 500_000,
) -> list[Path]:
    """Unpack the images of a zip or tar archive, folders as they are in it; all other files stay inside.

    Every member is checked before a byte is written. Files appear whole or not at all. What is no image is passed over
    and counted: texts, links, what the Finder and servers put in. Backslashes part folders, as PowerShell 5 writes.

    A folder holds the images of one archive, and knows which: its digest stands in `.archive.json`. The same archive
    brings back there what is missing, and writes nothing where nothing is; another one takes the place of one whose
    unpacking was cut off.

    Args:
        archive: .zip, .tar, .tar.gz, .tar.bz2 or .tar.xz; what it is shows in its content.
        folder: where to, made if missing: `data / data_name(archive)`, for example.
        replace: where another archive filled the folder, put its images away once all of the new ones are there.
        limit: most bytes that the archive may unpack to, declared or real.
        max_members: most files and folders that it may hold.

    Returns:
        Paths of the archive's images in the folder, in its order.

    Raises:
        FileNotFoundError: there is no such archive.
        FolderInUse: another process writes there.
        ValueError: the folder holds other images than this archive's; the archive is damaged or too large, holds no
            image, or a member is unsafe: a path that leaves the folder, or an image that is encrypted, a link, a
            device, there twice, or has a name that not every system can hold. The message names the member.

    Example:
        >>> extract_archive("pokemon.zip", "data/pokemon")[0]
        PosixPath('data/pokemon/001.png')
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
            written = _fill(archive, source, images, folder, limit, replace)
    except _Unsafe as unsafe:
        raise ValueError(f"{archive} was not unpacked: {unsafe.args[0]}; {unsafe.args[1]}") from None
    except FolderInUse:
        raise
    except Exception as error:  # a damaged archive can fail in any way
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):  # a full disk, a forbidden folder
            raise
        raise ValueError(
            f"{archive} is damaged, or neither zip nor tar ({one_line(error)}): download or pack it again"
        ) from error
    if left:
        print(f"{archive}: {len(written)} images unpacked. Passed over: {left}.")
    return written


def data_name(archive: str | os.PathLike, taken: Iterable[str] = ()) -> str:
    """The name of the data set that an archive holds, and so of its folder below data/.

    Args:
        archive: its name or path, of any system.
        taken: names that belong to other sets: those of the rules, whose images are drawn.

    Returns:
        The archive's name without its ending, and without the spaces and dots around, which not every system keeps.

    Raises:
        ValueError: such a folder cannot be, would be hidden or a system's own, or is taken.

    Example:
        >>> data_name("uploads/pokemon.v1.tar.gz", taken=lines.rule_names())
        'pokemon.v1'
    """
    base = os.fspath(archive).replace("\\", "/").rstrip("/").rpartition("/")[2]
    stem = ENDINGS.sub("", base, count=1)
    name = one_form(stem.strip().rstrip(". "))
    if not name or is_system_folder(name):
        problem = f"leaves {shown(name)!r} as the name of its folder, which is none for images"
    elif not name.isprintable() or NO_NAME.search(name) or DEVICES.match(name):
        problem = f"asks for a folder {shown(name)!r}, which not every system can hold"
    elif len(name.encode()) > LONGEST_PART:
        problem = f"has a name of more than {LONGEST_PART} bytes"
    elif name.casefold() in {one.casefold() for one in (*TAKEN, *taken)}:
        problem = f"asks for the folder {name}, which belongs to what the project brings or draws"
    else:
        return name
    raise ValueError(f"{shown(base)} {problem}: give the archive another name, my_images.zip for example")


def archive_of(folder: str | os.PathLike) -> dict | None:
    """Which archive filled a folder: its name as "archive", "digest", "images", "whole"; None where none did."""
    path = Path(folder) / MARK
    if not path.is_file():
        return None
    unknown = {"archive": "an archive unknown", "digest": None, "images": 0, "whole": True}
    with suppress(ValueError, OSError):
        mark = read_json(path)
        if isinstance(mark.get("archive"), str) and isinstance(mark.get("images"), int):
            return {**unknown, **mark}
    return unknown  # somebody changed what stood there


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


def _fill(archive, source, images, folder, limit, replace):
    """Write the images into a folder that holds none but theirs."""
    with open(archive, "rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
    if _is_whole(folder, digest, images):  # several processes of one training ask for it, and read what is there
        return [folder / path for path in images]
    _old_images(source, folder, digest, images, replace)  # before the folder is touched
    with folder_lock(folder, f"unpacking {archive.name}", archive=os.fspath(archive)):
        old = _old_images(source, folder, digest, images, replace)  # nobody else writes there now
        mark = {"archive": archive.name, "digest": digest, "images": len(images)}
        if not old:
            write_json(folder / MARK, {**mark, "whole": False})
            written = _copy(source, images, folder, limit)
            write_json(folder / MARK, {**mark, "whole": True})
            return written
        shutil.rmtree(folder / STAGE, ignore_errors=True)
        try:
            staged = _copy(source, images, folder / STAGE, limit)
            write_json(folder / MARK, {**mark, "whole": False, "replaces": True})
            _put_away(folder, old)
            written = [folder / path.relative_to(folder / STAGE) for path in staged]
            for one, other in zip(staged, written, strict=True):
                other.parent.mkdir(parents=True, exist_ok=True)
                os.replace(one, other)
            write_json(folder / MARK, {**mark, "whole": True})
        finally:
            shutil.rmtree(folder / STAGE, ignore_errors=True)
        return written


def _is_whole(folder, digest, images):
    """Whether a folder holds all images of this very archive, each of its size."""
    mark = archive_of(folder)
    if not (mark and mark["whole"] and mark["digest"] == digest):
        return False
    with suppress(OSError):
        return all((folder / path).stat().st_size == member.size for path, member in images.items())
    return False


def _old_images(source, folder, digest, images, replace):
    """The images in a folder that make place for an archive's; refuses what would mix, or is not ours to remove."""
    mark, there = archive_of(folder), _images_in(folder)
    if (
        mark and mark["digest"] == digest
    ):  # what is there too was put there by hand, or is left of a set replaced halfway
        theirs = set(map(one_form, images))
        return [path for path in there if one_form(path) not in theirs] if mark.get("replaces") else []
    if not there:
        return []
    if not mark:
        stranger = next((path for path in there if not _is_theirs(source, folder / path, images.get(path))), None)
        if stranger is None:  # unpacked by hand, or before folders knew their archive
            return []
        raise _Unsafe(
            f"{folder} holds {len(there)} images that no archive brought, {shown(folder / stranger)} among them",
            "unpack it to a folder of another name, or move those away first",
        )
    if mark["whole"] and not replace:
        raise _Unsafe(
            f"{folder} holds the images of another archive, {shown(mark['archive'])}",
            "give this one another name and so a folder of its own, or remove the old images with replace=True "
            "(REPLACE_DATA in the notebook)",
        )
    if len(there) > mark["images"]:
        raise _Unsafe(
            f"{folder} holds {len(there)} images, and {shown(mark['archive'])} brought no more than {mark['images']}",
            "move the others away first, or unpack it to a folder of another name",
        )
    return there


def _is_theirs(source, path, member):
    """Whether a file is a member of the archive, byte for byte."""
    if member is None or path.stat().st_size != member.size:
        return False
    with source.open(member.handle) as packed, open(path, "rb") as file:
        while piece := packed.read(PIECE):
            if file.read(len(piece)) != piece:
                return False
    return True


def _images_in(folder):
    """The paths within a folder of its images, sorted; those of links are not its own."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not is_system_folder(name)]
        below = Path(place).relative_to(folder)
        files = [name for name in names if os.path.isfile(f"{place}/{name}")]
        found += [(below / name).as_posix() for name in files if is_image_file(f"{place}/{name}")]
    return sorted(found)


def _put_away(folder, paths):
    """Remove images, and the folders that are empty then."""
    for path in paths:
        (folder / path).unlink(missing_ok=True)
    for parent in sorted({parent for path in paths for parent in _parents(path)}, reverse=True):
        with suppress(OSError):  # it holds something else
            (folder / parent).rmdir()


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
