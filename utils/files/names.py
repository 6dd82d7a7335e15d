"""Names of files and folders as other systems write them: shown, found again, told from what systems leave behind."""

import os
import re
import unicodedata
from collections import Counter
from pathlib import Path

SYSTEM_FOLDERS = {  # in small letters; those that begin with a dot are hidden anyway
    "__macosx",  # zips of the Finder
    "network trash folder",
    "temporary items",
    "thevolumesettingsfolder",
    "$recycle.bin",  # Windows
    "$extend",
    "$windows.~bt",
    "$windows.~ws",
    "recycler",
    "recycled",
    "recycle.bin",
    "system volume information",
    "config.msi",
    "msocache",
    "lost+found",  # Unix, and Android
    "lost.dir",
    "@eadir",  # servers: Synology, QNAP, Asustor, NetApp
    "@tmp",
    "@recycle",
    "@recently-snapshot",
    "@sharebin",
    "@snapshot",
    "@snapshots",
    "#recycle",
    "#snapshot",
    "~snapshot",
    "__pycache__",
    "cvs",
}
FOUND_BY_CHKDSK = re.compile(r"found\.\d{3}")
SYSTEM_FILES = {"thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "icon\r", "folder.htt"}
DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])\s*(\.|$)", re.IGNORECASE)  # whatever their suffix
USUAL_SUFFIX = re.compile(r"\.(?=.*[a-z])[a-z0-9]{1,12}", re.IGNORECASE)
EXAMPLES = 3  # names that stand beside a count
KINDS_SHOWN = 8
KINDS = {  # what is left aside: of one, of more
    "hidden": ("hidden file", "hidden files"),
    "system file": ("file of a system", "files of a system"),
    "system folder": ("folder of a system", "folders of a system"),
    "no folder": ("folder that cannot be read", "folders that cannot be read"),
    "nowhere": ("link that leads nowhere", "links that lead nowhere"),
    "loop": ("link back to a folder around it", "links back to a folder around them"),
    "again": ("linked folder that is read already", "linked folders that are read already"),
    "no file": ("neither file nor folder", "neither files nor folders"),
    "link": ("link", "links"),
    "twin": (
        "image whose name is another's but for case or accents, one file on this disk",
        "images whose names are others' but for case or accents, one file on this disk",
    ),
    "profile": (
        "colour profile that cannot be used, its image read as sRGB",
        "colour profiles that cannot be used, their images read as sRGB",
    ),
    "invisible": (
        "image transparent everywhere, of which the background alone is seen",
        "images transparent everywhere, of which the background alone is seen",
    ),
}
WITHOUT_SUFFIX = "without a usual suffix"
HELP = {".heic": "pip install pillow-heif reads them", ".avif": "Pillow from 11.3 on reads them"}
HELP |= {".heif": HELP[".heic"], ".hif": HELP[".heic"]}


def shown(name: str | os.PathLike) -> str:
    """A name as any screen can show it: bytes that are no UTF-8, and letters that cannot be seen, as escapes.

    Example:
        >>> shown(os.fsdecode(b"\\xe9t\\xe9.jpg"))  # Latin-1
        '\\\\xe9t\\\\xe9.jpg'
    """
    return "".join(letter if letter.isprintable() else _escaped(letter) for letter in os.fspath(name))


def _escaped(letter):
    byte = ord(letter) - 0xDC00  # where Python keeps what it could not decode
    return f"\\x{byte:02x}" if 0x80 <= byte <= 0xFF else letter.encode("unicode_escape").decode()


def usual_suffix(name: str | os.PathLike) -> str:
    """The suffix in small letters; '' for what is none, as in a3f9, photo.jpg (1), image.png?width=300, scan.001."""
    suffix = os.path.splitext(os.path.basename(name))[1]
    return suffix.lower() if USUAL_SUFFIX.fullmatch(suffix) or suffix.endswith("~") else ""


def is_hidden(name: str) -> bool:
    return name.startswith(".")


def is_system_folder(name: str) -> bool:
    """Whether a folder is hidden or one that systems, servers and recycle bins leave behind; no class is called so."""
    small = name.lower()
    return is_hidden(name) or small in SYSTEM_FOLDERS or bool(FOUND_BY_CHKDSK.fullmatch(small))


def one_form(name: str) -> str:
    """A name in the one Unicode form in which names are compared: é of one letter (NFC), not e and an accent (NFD)."""
    return unicodedata.normalize("NFC", name)


def on_disk(path: str | os.PathLike) -> Path:
    """A path as the disk spells it, where it is there in another Unicode form: macOS writes é as e and an accent.

    Args:
        path: of a file or folder.

    Returns:
        The path itself if it is there, or if nothing of that name is.
    """
    path = Path(path)
    if os.path.lexists(path) or path == path.parent or str(path).isascii():
        return path
    parent = on_disk(path.parent)
    try:
        there = os.listdir(parent)
    except OSError:
        return path
    wanted = one_form(path.name)
    return next((parent / name for name in sorted(there) if one_form(name) == wanted), parent / path.name)


class LeftAside:
    """What lay beside the images and was not taken: how many of each kind, and a few of their names."""

    def __init__(self):
        self.counts, self.examples = Counter(), {}

    def add(self, kind: str, name: str = "") -> None:
        """Count one more: `kind` is one of `KINDS`, or a suffix."""
        self.counts[kind] += 1
        examples = self.examples.setdefault(kind, [])
        if len(examples) < EXAMPLES:
            examples.append(name)

    def add_file(self, name: str) -> None:
        """Count a file that is left aside for its name."""
        base = name.rpartition("/")[2]
        small = base.lower()
        if small in SYSTEM_FILES or small == ".ds_store" or small.startswith("._"):
            self.add("system file", base)
        elif is_hidden(base):
            self.add("hidden", name)
        else:
            self.add(usual_suffix(base) or WITHOUT_SUFFIX, name)

    def __bool__(self):
        return bool(self.counts)

    def by_kind(self) -> dict[str, int]:
        """{kind in words: how many}, the images' kin first, then what is most frequent."""
        return {self._words(kind, 2): count for kind, count in self._sorted()}

    def __str__(self):
        parts = [self._part(kind, count) for kind, count in self._sorted()]
        if len(parts) > KINDS_SHOWN:
            rest = sum(count for _, count in self._sorted()[KINDS_SHOWN - 1 :])
            parts = [*parts[: KINDS_SHOWN - 1], f"{rest:,} of {len(parts) - KINDS_SHOWN + 1} other kinds"]
        return ", ".join(parts)

    def _sorted(self):
        """Images that are lost first, then links and folders, then other files, the most frequent first."""
        names = [*HELP, *KINDS]
        rank = {kind: 0 if kind in HELP else 1 if kind not in ("hidden", "system file") else 3 for kind in names}
        return sorted(self.counts.items(), key=lambda item: (rank.get(item[0], 2), -item[1], item[0]))

    def _words(self, kind, count):
        return KINDS[kind][count != 1] if kind in KINDS else kind

    def _part(self, kind, count):
        said = f"{count:,} {self._words(kind, count)}"
        if kind in HELP:
            return f"{said} ({HELP[kind]})"
        if kind not in KINDS and kind != WITHOUT_SUFFIX:
            return said
        names = [name if len(name) <= 60 else f"{name[:30]}...{name[-27:]}" for name in map(shown, self.examples[kind])]
        names = list(dict.fromkeys(names))
        return f"{said} ({', '.join(names)}{', ...' if count > len(self.examples[kind]) else ''})"
