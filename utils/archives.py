"""Archives in and out: data.zip, checked before a byte of it is written, and the zips that notebooks give back."""

import lzma
import os
import posixpath
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from utils.decoding import IMAGE_SUFFIXES, is_image_name
from utils.files import write_whole

PIECE = 2**20  # bytes copied at once
STORED = (*IMAGE_SUFFIXES[:4], ".gif", ".zip", ".npz", ".keras", ".mp4")  # deflating these again saves nothing


def extract_archive(
    archive: str | os.PathLike,
    folder: str | os.PathLike,
    *,
    limit: int = 4 * 2**30,
    max_members: int = 500_000,
) -> list[Path]:
    """Unpack the images of a zip or tar archive, folders as they are in it; all other files stay inside.

    Every member is checked before a byte is written. Files appear whole or not at all.

    Args:
        archive: .zip, .tar, .tar.gz, .tar.bz2 or .tar.xz; what it is shows in its content.
        folder: where to, made if missing. Files of the same names are replaced.
        limit: most bytes that the archive may unpack to, declared or real.
        max_members: most files and folders that it may hold.

    Returns:
        Paths of the images written, in the archive's order.

    Raises:
        FileNotFoundError: there is no such archive.
        ValueError: it is damaged, encrypted or too large, holds no image, or a member is unsafe: a path that leaves
            the folder, a link, a device, a name twice. The message names the member.

    Example:
        >>> extract_archive("data.zip", "data")[0]
        PosixPath('data/lines/lines-000001.jpg')
    """
    archive, folder = Path(archive), Path(folder)
    if not archive.is_file():
        raise FileNotFoundError(f"there is no archive {archive}: upload or copy it there, or give its path")
    with open(archive, "rb") as file:
        reader = _ZipReader if file.read(2) == b"PK" else _TarReader
    try:
        with reader(archive) as source:
            images = _check(archive, source.members(), limit, max_members)
            if not images:
                raise _Unsafe("it holds no image", f"put images into it ({' '.join(IMAGE_SUFFIXES)})")
            _check_folders(folder, images)
            return _copy(source, images, folder, limit)
    except _Unsafe as unsafe:
        raise ValueError(f"{archive} was not unpacked: {unsafe.args[0]}; {unsafe.args[1]}") from None
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        EOFError,
        NotImplementedError,
        zlib.error,
        lzma.LZMAError,
        OSError,
    ) as error:
        if isinstance(error, OSError) and error.errno is not None:  # a full disk, a forbidden folder: not the archive
            raise
        raise ValueError(
            f"{archive} is damaged, or neither zip nor tar ({error}): download or pack it again"
        ) from error


class _Unsafe(Exception):
    """What is wrong with an archive, and the way out."""


@dataclass
class _Member:
    name: str
    size: int
    kind: str  # "file", "folder", or what else it is, in words
    handle: zipfile.ZipInfo | tarfile.TarInfo


class _ZipReader:
    def __init__(self, path):
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
                kind = "a link"
            elif mode not in (0, stat.S_IFREG, stat.S_IFDIR):
                kind = "a device"
            else:
                kind = "folder" if info.orig_filename.endswith("/") else "file"
            yield _Member(info.orig_filename, info.file_size, kind, info)

    def open(self, info):
        return self.file.open(info)


class _TarReader:
    def __init__(self, path):
        self.file = tarfile.open(path)  # finds out the compression  # noqa: SIM115

    __enter__, __exit__ = _ZipReader.__enter__, _ZipReader.__exit__

    def members(self) -> Iterator[_Member]:
        for info in self.file:
            if info.issym() or info.islnk():
                kind = "a link"
            else:
                kind = "file" if info.isreg() else "folder" if info.isdir() else "a device"
            yield _Member(info.name, info.size, kind, info)

    def open(self, info):
        return self.file.extractfile(info)


def _check(archive, members, limit, max_members):
    """Look at every member, write nothing; give the images as {path within the folder: member}."""
    images, seen, total = {}, {}, 0
    for count, member in enumerate(members, 1):
        name = member.name
        if count > max_members:
            raise _Unsafe(f"it holds more than {max_members:,} members", "split it, or raise max_members")
        total += member.size
        if total > limit:  # asked at each member, so that a tar bomb is not read to its end
            raise _Unsafe(f"up to {name!r} it unpacks to more than {limit:,} bytes", "split it, or raise limit")
        if member.kind not in ("file", "folder"):
            raise _Unsafe(f"its member {name!r} is {member.kind}", "pack the plain files again")
        if problem := _unsafe_name(name):
            raise _Unsafe(f"its member {name!r} {problem}", "pack the files again by relative names")
        if member.kind == "folder":
            continue
        path = posixpath.normpath(name)
        if (twin := seen.setdefault(path.casefold(), name)) is not name:  # one file on macOS and Windows
            raise _Unsafe(f"its members {twin!r} and {name!r} are one and the same file", "rename or remove one")
        parts = path.split("/")
        if is_image_name(path) and "__MACOSX" not in parts and not any(part[0] == "." for part in parts):
            images[path] = member
    for path in images:
        for parent in _parents(path):
            if parent.casefold() in seen:
                raise _Unsafe(f"its member {seen[parent.casefold()]!r} is a file and a folder", "rename one")
    return images


def _unsafe_name(name):
    if not name or any(ord(letter) < 32 for letter in name):
        return "has no printable name"
    if "\\" in name:
        return "has a backslash in its name"
    if name.startswith("/") or re.match("[A-Za-z]:", name) or (os.name == "nt" and ":" in name):
        return "has an absolute path"
    if ".." in name.split("/"):
        return "leaves the folder"
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
    for path, member in tqdm(images.items(), desc="Unpacking", unit=" images", delay=2):
        with source.open(member.handle) as packed, write_whole(folder / path) as temporary:
            with open(temporary, "wb") as file:
                while piece := packed.read(PIECE):
                    total += len(piece)
                    if total > limit:  # the sizes it declared were a lie
                        raise _Unsafe(
                            f"its member {member.name!r} goes over {limit:,} bytes", "split it, or raise limit"
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
    with (
        write_whole(archive) as temporary,
        zipfile.ZipFile(temporary, "w", strict_timestamps=False) as packed,
    ):
        for path in tqdm(paths, desc=f"Packing {archive.name}", unit=" files", delay=2):
            kind = zipfile.ZIP_STORED if path.suffix.lower() in STORED else zipfile.ZIP_DEFLATED
            packed.write(path, path.resolve().relative_to(root).as_posix(), compress_type=kind)
    return archive
