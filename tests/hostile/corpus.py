"""Files that nobody should hand in, made by code, each with the answer that is expected of the parser that meets it.

`CASES` is the table. A case's `says` is a regular expression for the one sentence that must come; `READ` means that
the file looks strange and is to be read all the same. The sentence must also name the file. Nothing here is large in
the repository: bombs are made where they are tested, and most of them take a kilobyte.

    python tests/hostile/corpus.py            prints the table
    python tests/hostile/corpus.py FOLDER     makes the files

What a file does if it is obeyed: it writes CANARY into the folder that it runs in.
"""

import base64
import io
import itertools
import json
import lzma
import pickle
import struct
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import h5py
import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.conftest import tiny_parameters

READ = ""
CANARY = "CANARY"
HARM = f"open('{CANARY}', 'w')"
MIB = 2**20


@dataclass(frozen=True)
class Case:
    room: str
    file: str
    says: str
    make: Callable[[Path], None]


CASES: list[Case] = []


def case(room, file, says, *arguments):
    """Put a maker into the table: it is called with the path and the arguments."""

    def add(make):
        CASES.append(Case(room, file, says, lambda path: make(path, *arguments)))
        return make

    return add


def written(room, file, says, content):
    """A case whose bytes (or text) are simply there."""
    content = content.encode() if isinstance(content, str) else content
    CASES.append(Case(room, file, says, lambda path: path.write_bytes(content)))


@cache
def zeros(count, level=1):
    """`count` zero bytes, deflated, without holding them."""
    packer = zlib.compressobj(level)
    pieces = [packer.compress(bytes(min(MIB, count - start))) for start in range(0, count, MIB)]
    return b"".join(pieces) + packer.flush()


# ------------------------------------------------------------------------------------------------------ archives


def zip_of(path, members, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as file:
        for name, content in members:
            info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name)
            info.compress_type = method
            file.writestr(info, content)


def tar_of(path, members, mode="w", **options):
    with tarfile.open(path, mode, **options) as file:
        for name, content in members:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))


def patched_zip(path, change, members=(("a.jpg", b"first"),), entry=-1):
    """A zip with bytes of the last (or another) entry of its directory changed: {offset within it: bytes}."""
    zip_of(path, members)
    content, at = bytearray(path.read_bytes()), []
    while (found := content.find(b"PK\x01\x02", at[-1] + 1 if at else 0)) >= 0:
        at.append(found)
    for offset, patch in change.items():
        content[at[entry] + offset : at[entry] + offset + len(patch)] = patch
    path.write_bytes(content)


def tar_link(kind, name="x.jpg", target="/etc/passwd"):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def zip_link(name):
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, 0o120777 << 16
    return info


for number, (name, says) in enumerate(
    [
        ("../x.jpg", "leaves the folder"),
        ("a/../../x.jpg", "leaves the folder"),
        ("a/b/../../../x.jpg", "leaves the folder"),
        ("/tmp/x.jpg", "absolute path"),
        ("//host/share/x.jpg", "absolute path"),
        ("C:/x.jpg", "absolute path"),
        ("c:x.jpg", "absolute path"),
        ("..\\x.jpg", "leaves the folder"),
        ("\\\\host\\share\\x.jpg", "absolute path"),
        ("a\nb.jpg", "no printable name"),
        ("a\x1b[2Jb.jpg", "no printable name"),
        ("con.jpg", "name of a device under Windows"),
        ("images/NUL.png", "name of a device under Windows"),
        ("lpt1.tar.png/x.png", "name of a device under Windows"),
        ("x" * 250 + ".jpg", "too long a name"),
        ("a/" * 1000 + "x.jpg", "too long a name"),
    ]
):
    members = [("good.jpg", b"good"), (name, b"x")]
    case("archives", f"name_{number}.zip", says, members)(zip_of)
    case("archives", f"name_{number}.tar", says, members)(tar_of)

for says, twins in [
    (READ, ("a.jpg", "A.JPG")),
    (READ, ("é.jpg", "e\u0301.jpg")),  # as macOS takes one for the other
    (READ, ("straße/a.jpg", "STRASSE/a.jpg")),
    ("one and the same file", ("a/./b.jpg", "a//b.jpg")),
    ("is a file and a folder", ("a.jpg", "a.jpg/b.jpg")),
]:
    number = len(CASES)
    case("archives", f"twins_{number}.zip", says)(lambda path, twins=twins: zip_of(path, [(n, b"") for n in twins]))

case("archives", "latin1.tar", "unknown encoding")(
    lambda path: tar_of(path, [("été.jpg", b"x")], format=tarfile.GNU_FORMAT, encoding="latin-1")
)
case("archives", "cp437.zip", READ)(lambda path: patched_zip(path, {46: b"\x82"}, [("a.jpg", b"x")]) or _local(path))
case("archives", "not_utf8.zip", "is damaged")(lambda path: patched_zip(path, {8: b"\0\x08", 46: b"\xff"}))
case("archives", "japanese.zip", READ)(lambda path: zip_of(path, [("線/三本.jpg", b"x")]))


def _local(path):
    """Change the name in front of the content as well, or the two would not agree."""
    content = bytearray(path.read_bytes())
    content[30:31] = b"\x82"
    path.write_bytes(content)


for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
    case("archives", f"link_{kind.decode()}.tar", "is a link", kind)(
        lambda path, kind: tar_of(path, [("a.jpg", b"x"), (tar_link(kind), b"")])
    )
for kind in (tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE):
    case("archives", f"device_{kind.decode()}.tar", "is a device", kind)(
        lambda path, kind: tar_of(path, [("a.jpg", b"x"), (tar_link(kind), b"")])
    )
case("archives", "link_then_through.tar", "is a link")(
    lambda path: tar_of(path, [(tar_link(tarfile.SYMTYPE, "out", ".."), b""), ("out/x.jpg", b"x")])
)
case("archives", "link.zip", "is a link")(lambda path: zip_of(path, [(zip_link("x.jpg"), b"/etc/passwd")]))
case("archives", "encrypted.zip", "is encrypted")(lambda path: patched_zip(path, {8: b"\1"}))
case("archives", "strongly_encrypted.zip", "is encrypted")(lambda path: patched_zip(path, {8: b"\x41"}))
case("archives", "lzma.zip", "packed by method 14")(lambda path: zip_of(path, [("a.jpg", b"x")], zipfile.ZIP_LZMA))
case("archives", "unknown_method.zip", "packed by method 99")(lambda path: patched_zip(path, {10: b"\x63\0"}))
case("archives", "bzip2.zip", READ)(lambda path: zip_of(path, [("a.jpg", b"x")], zipfile.ZIP_BZIP2))
case("archives", "nested.zip", "no image but an archive")(lambda path: zip_of(path, [("inner.zip", b"PK")]))
case("archives", "nested.tar.gz", "no image but an archive")(lambda path: tar_of(path, [("in.tar", b"x")], "w:gz"))
case("archives", "only_texts.zip", "holds no image")(lambda path: zip_of(path, [("a.txt", b"x")]))
case("archives", "empty.zip", "holds no image")(lambda path: zip_of(path, []))
case("archives", "lies_smaller.zip", "is damaged")(
    lambda path: patched_zip(path, {24: struct.pack("<L", 10)}, [("a.jpg", bytes(MIB))])
)
case("archives", "lies_larger.zip", "is damaged")(lambda path: patched_zip(path, {24: struct.pack("<L", 10**9)}))
case("archives", "wrong_sum.zip", "is damaged")(lambda path: patched_zip(path, {16: b"abcd"}))
case("archives", "wrong_offset.zip", "is damaged")(lambda path: patched_zip(path, {42: b"\xff\xff\xff\x7f"}))
case("archives", "overlapping.zip", "is damaged")(
    lambda path: patched_zip(path, {42: bytes(4)}, [("a.jpg", b"x"), ("b.jpg", b"y")])
)
case("archives", "thousands.zip", READ)(lambda path: zip_of(path, [(f"{i // 100}/{i}.jpg", b"x") for i in range(3000)]))


@case("archives", "bomb_of_zeros.zip", r"unpacks to more than 4,294,967,296 bytes")
def bomb_zip(path):
    """Five members of a gigabyte each, a megabyte in all."""
    packed = zeros(2**30)
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0, 0, len(packed), 2**30, 5, 0)
    content, directory = b"", b""
    for i in range(5):
        name = f"{i}.jpg".encode()
        head = struct.pack(
            "<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, 0, 0, 0, len(packed), 2**30, 5, 0, 0, 0, 0, 0, len(content)
        )
        directory += head + name
        content += local + name + packed
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 5, 5, len(directory), len(content), 0)
    path.write_bytes(content + directory + end)


@case("archives", "million_entries.zip", "far more than 500,000 members|more than 500,000 members")
def entries_zip(path, count=1_700_000):
    """A directory of 80 megabytes whose entries would each become an object."""
    entry = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    with open(path, "wb") as file:
        for _ in range(count // 100_000):
            file.write(entry * 100_000)
        file.write(struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, len(entry) * count, 0, 0))


def gzip_members(*pieces):
    """Pieces of (content, how often), each packed once: a gzip file may consist of several."""
    packed = []
    for content, times in pieces:
        packer = zlib.compressobj(1, wbits=31)
        packed.append((packer.compress(content) + packer.flush()) * times)
    return b"".join(packed)


def tar_header(name, size, kind=b"0"):
    info = tarfile.TarInfo(name)
    info.size, info.type = size, kind
    return info.tobuf(tarfile.GNU_FORMAT)


for title, kind in (("long_name", b"L"), ("long_link", b"K"), ("pax", b"x"), ("global_pax", b"g")):
    case("archives", f"bomb_{title}.tar.gz", "described in more than 1,048,576 bytes", kind)(
        lambda path, kind: path.write_bytes(
            gzip_members((tar_header("x.jpg", 2 * 2**30, kind), 1), (b"x" * 16 * MIB, 128))
        )
    )
case("archives", "bomb_old_sparse.tar.gz", "described in more than 1,048,576 bytes|file with holes")(
    lambda path: path.write_bytes(gzip_members((sparse_header(), 1), (holes(), 200_000)))
)


def sparse_header():
    block = bytearray(tar_header("x.jpg", 512, b"S"))
    block[386 : 386 + 96] = b"00000000001\0" * 8
    block[482] = 1  # more to come
    block[148:156] = b" " * 8
    block[148:156] = f"{sum(block):06o}\0 ".encode()
    return bytes(block)


def holes():
    return (b"00000000001\0" * 42 + b"\1").ljust(512, b"\0")


@case("archives", "bomb_pax_sparse.tar.gz", "described in more than 1,048,576 bytes|is damaged|file with holes")
def pax_sparse(path):
    """A map of holes that never ends, within the member's own content."""
    records = "".join(pax_record(*pair) for pair in (("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0")))
    records = records.encode().ljust(512, b"\0")
    head = tar_header("pax", 512, b"x") + records + tar_header("x.jpg", 2**33)
    path.write_bytes(gzip_members((head, 1), (b"99999999999\n" + b"1" * 500, 1), (bytes(16 * MIB), 64)))


def pax_record(key, value):
    text = f" {key}={value}\n"
    return f"{len(text) + 2}{text}"


case("archives", "bomb_of_zeros.tar.gz", "unpacks to more than 4,294,967,296 bytes")(
    lambda path: path.write_bytes(gzip_members((tar_header("x.jpg", 2**35), 1), (bytes(16 * MIB), 4)))
)
case("archives", "million_members.tar.gz", "more than 500,000 members")(
    lambda path: path.write_bytes(gzip_members((tar_header("folder/", 0, b"5") * 1000, 510)))
)


@case("archives", "greedy.tar.xz", "is damaged, or neither zip nor tar .*[Mm]emory")
def greedy_xz(path):
    """A file of 100 bytes that asks for a dictionary of 1.5 GiB."""
    content = bytearray(lzma.compress(bytes(10240), preset=0))
    size = (content[12] + 1) * 4
    at = content.index(b"\x21\x01", 12, 12 + size)
    content[at + 2] = 37  # 1.5 GiB
    content[12 + size - 4 : 12 + size] = struct.pack("<L", zlib.crc32(content[12 : 12 + size - 4]))
    path.write_bytes(content)


for mode in ("gz", "bz2", "xz"):
    case("archives", f"honest.tar.{mode}", READ, mode)(
        lambda path, mode: tar_of(path, [(f"a/{i}.jpg", bytes(1000)) for i in range(50)], f"w:{mode}")
    )

    @case("archives", f"cut_short.tar.{mode}", "is damaged", mode)
    def cut_short(path, mode):
        noise = np.random.default_rng(0)
        tar_of(path, [(f"{i}.jpg", noise.bytes(20_000)) for i in range(9)], f"w:{mode}")
        path.write_bytes(path.read_bytes()[:80_000])


for format in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
    case("archives", f"format_{format}.tar", READ, format)(
        lambda path, format: tar_of(path, [("a" * 60 + "/" + "b" * 80 + ".jpg", b"x")], format=format)
    )
written("archives", "empty.tar", "is damaged", b"")
written("archives", "text.zip", "is damaged", "PK is how it begins")
written("archives", "endless_comment.zip", "is damaged", b"PK\5\6" * 40_000)

# -------------------------------------------------------------------------------------------------------- images
# Each is read as one of a data set, beside a good one: a warning names it and goes on. Each is enlarged as well, where
# the same reason stands in an error.

BOMB, NO_IMAGE, BROKEN = "decompression bomb", "cannot identify image file", "broken data stream"
CUT = f"[Tt]runcated|{NO_IMAGE}|could not create decoder"  # Pillow's reasons, by where the file ends
PIXELS = np.random.default_rng(0).integers(0, 256, (24, 32, 4), np.uint8)


def chunk(kind, content):
    return struct.pack(">L", len(content)) + kind + content + struct.pack(">L", zlib.crc32(kind + content))


def png(width=4, height=4, bits=8, kind=2, data=None, before=(), after=(), end=True):
    """A PNG by hand, with any chunks before and after its pixels."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[kind]
    data = zlib.compress(bytes((width * channels * bits // 8 + 1) * height)) if data is None else data
    parts = [
        chunk(b"IHDR", struct.pack(">2L5B", width, height, bits, kind, 0, 0, 0)),
        *itertools.starmap(chunk, before),
    ]
    parts += [chunk(b"IDAT", data), *itertools.starmap(chunk, after)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + (chunk(b"IEND", b"") if end else b"")


def saved(room, file, says, mode="RGB", **options):
    def make(path):
        image = Image.fromarray(PIXELS, "RGBA") if mode == "RGBA" else Image.fromarray(PIXELS[..., :3]).convert(mode)
        image.save(path, **options)

    CASES.append(Case(room, file, says, make))


def encoded(format, mode="RGB", **options):
    buffer = io.BytesIO()
    Image.fromarray(PIXELS[..., :3]).convert(mode).save(buffer, format, **options)
    return buffer.getvalue()


written("images", "declared_huge.png", BOMB, png(60_000, 60_000, data=zeros(1000)))
written("images", "declared_widest.png", BOMB, png(2**31 - 1, 1, data=zeros(1000)))
written("images", "no_width.png", NO_IMAGE, png(0, 4))
written("images", "declared_40_million_and_more.png", "more than 40,000,000", png(8000, 8000, data=zeros(1000)))
case("images", "bomb_below_the_limit.png", READ)(  # 640 times its size: read, within the memory
    lambda path: path.write_bytes(png(6300, 6300, kind=6, data=zeros((6300 * 4 + 1) * 6300)))
)
case("images", "bomb_16_bits.png", READ)(
    lambda path: path.write_bytes(png(6300, 6300, bits=16, kind=0, data=zeros((6300 * 2 + 1) * 6300)))
)
case("images", "bomb_of_bits.png", BOMB)(
    lambda path: path.write_bytes(png(30_000, 30_000, bits=1, kind=0, data=zeros((30_000 // 8 + 1) * 30_000)))
)
written(
    "images",
    "declared_huge.gif",
    NO_IMAGE,
    b"GIF89a\xff\xff\xff\xff\x80\0\0" + bytes(6) + encoded("GIF")[13:],
)
written(
    "images",
    "declared_huge.bmp",
    BOMB,
    b"BM"
    + struct.pack("<3L", 100, 0, 54)
    + struct.pack("<L2l2H6L", 40, 50_000, 50_000, 1, 24, 0, 0, 0, 0, 0, 0)
    + bytes(46),
)


@case("images", "declared_huge.jpg", BOMB)
def huge_jpeg(path):
    content = bytearray(encoded("JPEG"))
    at = content.index(b"\xff\xc0")
    content[at + 5 : at + 9] = struct.pack(">2H", 65_500, 65_500)
    path.write_bytes(content)


@case("images", "declared_huge.tif", BOMB)
def huge_tiff(path):
    content = bytearray(encoded("TIFF"))
    at = struct.unpack_from("<L", content, 4)[0]
    for i in range(struct.unpack_from("<H", content, at)[0]):
        tag = at + 2 + 12 * i
        if struct.unpack_from("<H", content, tag)[0] in (256, 257):
            struct.pack_into("<HLL", content, tag + 2, 4, 1, 100_000)
    path.write_bytes(content)


written(
    "images",
    "declared_huge.webp",
    BOMB,
    b"RIFF" + struct.pack("<L", 4 + 18) + b"WEBPVP8X" + struct.pack("<L", 10) + b"\x10\0\0\0" + b"\xfe\x3f\0\xfe\x3f\0",
)
for format in ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"):
    name = f"cut_short.{format.lower()}"
    written("images", name, CUT, encoded(format)[: len(encoded(format)) * 2 // 3])
    written("images", f"head_only.{format.lower()}", CUT, encoded(format)[:20])
written("images", "empty.png", NO_IMAGE, b"")
written("images", "text.jpg", NO_IMAGE, "this is no picture")
written("images", "page.gif", NO_IMAGE, "<html><script>alert(1)</script></html>")
written(
    "images", "svg.png", NO_IMAGE, '<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
)
written(
    "images",
    "postscript.jpg",  # Pillow hands such a file to Ghostscript, if that is there
    NO_IMAGE,
    f"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n({CANARY}) (w) file closefile\nshowpage\n%%EOF\n",
)
written("images", "pdf.png", NO_IMAGE, "%PDF-1.4\n1 0 obj<</OpenAction<</S/Launch/F(calc)>>>>endobj")
for file, format in (("a_png.jpg", "PNG"), ("a_jpeg.png", "JPEG"), ("a_webp.gif", "WEBP"), ("a_gif.tiff", "GIF")):
    written("images", file, READ, encoded(format))
saved("images", "cmyk.jpg", READ, "CMYK")
saved("images", "ycck.tif", READ, "CMYK")
saved("images", "lab.tif", READ, "LAB")
saved("images", "bits.png", READ, "1")
saved("images", "grey_alpha.png", READ, "LA")
saved("images", "palette.png", READ, "P", transparency=3)
saved("images", "palette_of_alphas.png", READ, "P", transparency=bytes(range(256)))
saved("images", "transparent.webp", READ, "RGBA")
saved("images", "floats.tif", "floats of no known scale", "F")
saved("images", "32_bits.tif", READ, "I")
case("images", "16_bits.png", READ)(
    lambda path: Image.fromarray(np.arange(4096, dtype=np.uint16).reshape(64, 64)).save(path)
)
case("images", "17_bits.tif", "more than 16 bits")(
    lambda path: Image.fromarray(np.full((8, 8), 70_000, np.int32)).save(path)
)
for format in ("GIF", "PNG", "WEBP", "TIFF"):
    case("images", f"animated.{format.lower()}", READ, format)(
        lambda path, format: Image.fromarray(PIXELS).save(
            path, format, save_all=True, append_images=[Image.fromarray(PIXELS[::-1].copy())] * 30
        )
    )
written("images", "endless_frames.gif", READ, encoded("GIF")[:-1] + b"\x21\xf9\4\0\0\0\0\0" * 100_000)
saved("images", "exif_of_60_kilobytes.jpg", READ, exif=b"Exif\0\0II*\0\x08\0\0\0\0\0" + bytes(60_000))
saved(
    "images",
    "exif_that_loops.jpg",
    READ,
    exif=b"Exif\0\0II*\0\x08\0\0\0\1\0" + struct.pack("<2H2L", 0x8769, 4, 1, 8) + b"\x08\0\0\0",
)
saved("images", "exif_of_nonsense.jpg", READ, exif=b"Exif\0\0" + bytes(range(256)) * 20)
saved(
    "images",
    "exif_turns_by_77.jpg",
    READ,
    exif=b"Exif\0\0II*\0\x08\0\0\0\1\0" + struct.pack("<2HLHH", 0x112, 3, 1, 77, 0) + bytes(4),
)
written("images", "exif_of_20_megabytes.png", READ, png(before=[(b"eXIf", b"II*\0\x08\0\0\0\0\0" + bytes(20 * MIB))]))
written(
    "images", "profile_bomb.png", "Decompressed data too large", png(before=[(b"iCCP", b"x\0\0" + zeros(200 * MIB))])
)
written("images", "text_bomb.png", "Decompressed data too large", png(before=[(b"zTXt", b"Z\0\0" + zeros(200 * MIB))]))
written("images", "bad_sum.png", BROKEN, png()[:-20] + bytes(20))
written("images", "bad_pixels.png", BROKEN, png(data=b"not deflated"))
written("images", "short_pixels.png", CUT, png(100, 100, data=zlib.compress(b"few")))
written("images", "unknown_chunk.png", READ, png(before=[(b"quIX", b"x" * MIB)]))
written("images", "ten_thousand_comments.jpg", READ, b"\xff\xd8" + b"\xff\xfe\0\x05abc" * 10_000 + encoded("JPEG")[2:])

# What enlarging says where a data set reads the image.
TOO_LARGE = "enlarged 2 times, are more than 40,000,000"
ENLARGED = {"bomb_below_the_limit.png": TOO_LARGE, "bomb_16_bits.png": TOO_LARGE}

# -------------------------------------------------------------------------------------------------- params.pkl

written("params", "code.pkl", r"asks for (posix|nt|os)\.system", f"cos\nsystem\n(S'touch {CANARY}'\ntR.")
written("params", "builtin.pkl", "asks for builtins.exec", f"cbuiltins\nexec\n(V{HARM}\ntR.")
written(
    "params",
    "by_stack.pkl",
    "asks for builtins.exec",
    b"\x80\x04\x8c\x08builtins\x8c\x04exec\x93(V" + HARM.encode() + b"\ntR.",
)
written(
    "params",
    "dotted.pkl",
    "asks for numpy.core.multiarray.os.system",
    b"\x80\x04\x8c\x15numpy.core.multiarray\x8c\x09os.system\x93.",
)
LAUGHS = b"]\x94" + b"".join(
    b"]\x94(" + (b"h" + bytes([i])) * 10 + b"e" for i in range(40)
)  # stands for 10 ** 40 lists
written(
    "params", "laughs_as_a_module.pkl", "a list stands where a str should", b"\x80\x04" + LAUGHS + b"\x8c\x01f\x93."
)
written("params", "laughs_as_a_name.pkl", "a list stands where a str should", b"\x80\x04\x8c\x01f" + LAUGHS + b"\x93.")
written(
    "params",
    "laughs_as_a_type.pkl",
    "a list stands where a str should",
    b"\x80\x04" + LAUGHS + b"cnumpy\ndtype\nh\x28\x85R.",
)
written("params", "lines_in_a_name.pkl", "asks for numpy", b"\x80\x04\x8c\x08numpy\0\r\n\x8c\x06sc\x1b[2J\x93.")
written("params", "instance.pkl", "asks for a inst", f"(V{HARM}\nios\nsystem\n.")
written("params", "object.pkl", r"asks for (posix|nt|os)\.system", b"\x80\x04cos\nsystem\n)\x81.")
written("params", "persistent.pkl", "asks for a persid", "Pevil\n.")
written("params", "extension.pkl", "asks for a ext1", b"\x80\x04\x82\x01.")
written("params", "memo_of_4_gigabytes.pkl", READ, b"\x80\x04]r\xff\xff\xff\x1f.")
written("params", "text_of_4_gigabytes.pkl", "no whole pickle", b"\x80\x04X\xff\xff\xff\xffabc.")
written("params", "bytes_of_exabytes.pkl", "no whole pickle", b"\x80\x04\x8e" + b"\xff" * 7 + b"\x0fabc.")
written("params", "frame_of_exabytes.pkl", READ, b"\x80\x04\x95" + b"\xff" * 7 + b"\x0f].")
written(
    "params",
    "number_of_8_million_bits.pkl",
    "a number of",
    b"\x80\x04\x8b" + struct.pack("<l", 10**6) + b"\x7f" * 10**6 + b".",
)
written("params", "number_of_5000_digits.pkl", "no whole pickle", b"L" + b"9" * 5000 + b"L\n.")
written("params", "deep.pkl", "nested or repeated without end", b"\x80\x04" + b"]" * 9000 + b"a" * 8999 + b".")
written("params", "deep_tuples.pkl", "nested or repeated without end", b"\x80\x04)" + b"\x85" * 300_000 + b".")
written("params", "itself.pkl", "nested or repeated without end", b"\x80\x04]\x94h\0a.")
written(
    "params",
    "laughs.pkl",
    "nested or repeated without end",
    b"\x80\x04]\x94" + b"".join(b"]\x94(" + (b"h" + bytes([i])) * 10 + b"e" for i in range(40)) + b".",
)
written(
    "params",
    "hash_for_ever.pkl",
    "a dict whose key is a tuple",
    b"\x80\x04)\x94" + b"".join(b"h" + bytes([i]) + b"h" + bytes([i]) + b"\x86\x94" for i in range(60)) + b"}h\x3cNs.",
)
written("params", "set.pkl", "asks for a empty set", pickle.dumps({1, 2}, 4))
written("params", "array.pkl", "asks for numpy", pickle.dumps(np.zeros(3), 4))
written(
    "params", "objects_as_number.pkl", "NumPy value of type 'O8'", pickle.dumps(np.float64(1), 4).replace(b"f8", b"O8")
)
written("params", "nothing_on_the_stack.pkl", "no whole pickle", b"\x80\x04.")
written("params", "too_many_pops.pkl", "asks for a pop", b"\x80\x04000000.")
written("params", "mark_without_end.pkl", "no whole pickle", b"\x80\x04" + b"(" * 100_000 + b"e.")
written("params", "cut_short.pkl", "no whole pickle", pickle.dumps([1, 2, {"a": (3, 4)}])[:-8])
written("params", "future.pkl", "no whole pickle|asks for", b"\x80\xff\xf0.")
written("params", "empty.pkl", "no whole pickle", b"")
written("params", "too_large.pkl", "too many for parameters", bytes(2 * MIB))
written("params", "plain.pkl", READ, pickle.dumps([(128, 128, 3), [64] * 4, None, 0.9, "adam", np.float32(2)], 4))

# ------------------------------------------------------------------------------------------------------ vectors

written("vectors", "code.txt", "only array", f"__import__('os').system('touch {CANARY}')")
written("vectors", "code_within.txt", "is not a finite number|closes|comma", f"array([[{HARM}]])")
written("vectors", "power.txt", "not a finite number", "array([[9**9**9**9]])")
written("vectors", "repeated.txt", "comma is missing|not a finite number", "array([[1] * 10**12])")
written("vectors", "million_numbers.txt", READ, "[" + "1.," * 1_300_000 + "]")
written("vectors", "million_commas.txt", "may be one number", "[" + "1," * 2_000_000 + "]")
written("vectors", "million_signs.txt", READ, "[" + "-1," * 1_300_000 + "]")
written("vectors", "million_lists.txt", "rows of numbers", "[" + "[]," * 1_300_000 + "]")
written("vectors", "million_dicts.txt", "not a finite number", "[" + "{}," * 1_300_000 + "]")
written("vectors", "million_signs_at_once.txt", "not a finite number", "[" + "-" * 4_000_000 + "1]")
written("vectors", "million_blanks.txt", "one array and nothing else", " " * 4_000_000)
written("vectors", "million_calls.txt", "comma is missing|one array|not an array", "array" + "(" * 2_000_000)
written("vectors", "million_dots.txt", "only array|one array|not a finite", "array" + ".a" * 2_000_000 + "([1])")
written("vectors", "deep.txt", "lists within lists", "[" * 100_000 + "1" + "]" * 100_000)
written("vectors", "too_long.txt", "longer than|larger than", "1," * (3 * MIB))
written("vectors", "far_too_long.txt", "larger than", b"1," * (12 * MIB))
written("vectors", "nan.txt", "not a finite number", "array([[nan, 1]])")
written("vectors", "infinite.txt", "too large", "[[1e999]]")
written("vectors", "5000_digits.txt", "not a finite number", f"[[{'9' * 5000}]]")
written("vectors", "arabic_digits.txt", "not a finite number", "[[١٢٣]]")
written("vectors", "zero_bytes.txt", "not a finite number", b"[[1,\0 2]]")
written("vectors", "utf16.txt", "UTF-8", "[[1, 2]]".encode("utf-16"))
written("vectors", "control.txt", "not a finite number", "[[1, \x1b[2J]]")
written("vectors", "lines_in_a_keyword.txt", "is not known", "array(\0\r\n\n\x1b[=])")
written("vectors", "ragged.txt", "different lengths", "[[1, 2], [3]]")
written("vectors", "empty.txt", "one array and nothing else", "")
written("vectors", "deep.json", "not JSON with lists", "[" * 500_000 + "]" * 500_000)
written("vectors", "nan.json", "NaN", "[[NaN, 1]]")
written("vectors", "huge_number.json", "not JSON|too large", f"[[1{'0' * 4000}]]")
written("vectors", "million_dicts.json", "not JSON with lists", "[" + "{}," * 1_300_000 + "{}]")
written("vectors", "another_dtype.json", "dtype .* is not known", '{"dtype": "object", "Z": [[1]]}')
written("vectors", "number.json", "rows of numbers", "7")
written("vectors", "nothing.json", "not JSON", "")


def npy(header, data=b"", version=1):
    header = header if isinstance(header, bytes) else repr(header).encode()
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<L", len(header)) + header + data


def shaped(shape, descr="<f4"):
    return {"descr": descr, "fortran_order": False, "shape": shape}


written("vectors", "pickle.npy", "not a NumPy array", npy(shaped((1,), "|O"), pickle.dumps([1])))
written("vectors", "bare_pickle.npy", "not a NumPy array", pickle.dumps([1]))
written("vectors", "declared_huge.npy", "not a NumPy array", npy(shaped((10**6, 10**6))))
written("vectors", "declared_beyond.npy", "not a NumPy array", npy(shaped((2**62, 2**62))))
written("vectors", "negative.npy", "not a NumPy array|vectors are", npy(shaped((-1, 100)), bytes(400)))
written("vectors", "long_header.npy", "not a NumPy array", npy(b"{" * 60_000))
written("vectors", "unfinished_header.npy", "not a NumPy array", npy(b"{'descr': '''"))
written("vectors", "code_in_header.npy", "not a NumPy array", npy(HARM.encode()))
written("vectors", "strange_type.npy", "not a NumPy array|not numbers", npy(shaped((1,), [("a", "<f4")]), bytes(4)))
written("vectors", "texts.npy", "not numbers|not a NumPy", npy(shaped((1,), "<U4"), bytes(16)))
written("vectors", "nans.npy", "NaN", npy(shaped((1, 4)), b"\xff" * 16))
written("vectors", "future.npy", "not a NumPy array", npy(shaped((1,)), bytes(4), version=9))
case("vectors", "archive.npy", "not a NumPy array")(
    lambda path: zip_of(path, [("Z.npy", npy(shaped((1, 1)), bytes(4)))])
)
written("vectors", "empty.npy", "not a NumPy array", b"")

# -------------------------------------------------------------------------------------------------------- cards

written("cards", "deep.json", "nested too deep", '{"a":' * 20_000 + "1" + "}" * 20_000)
written("cards", "rather_deep.json", "nested too deep", '{"a":' + "[" * 50 + "]" * 50 + "}")
written("cards", "nan.json", "holds NaN", '{"z_dim": NaN}')
written("cards", "infinite.json", "holds -Infinity", '{"z_dim": -Infinity}')
written("cards", "infinite_number.json", "too large to be one", '{"z_dim": 1e999}')
written("cards", "whole_number.json", "13,288 bits", '{"z_dim": 1' + "0" * 4000 + "}")
written("cards", "5000_digits.json", "cannot be read as JSON", '{"z_dim": 1' + "0" * 5000 + "}")
written("cards", "too_large.json", "too many for what it should hold", b'{"a": "' + b"x" * 2 * MIB + b'"}')
written("cards", "list.json", "holds a list", "[1, 2]")
written("cards", "text.json", "holds a str", '"text"')
written("cards", "nothing.json", "cannot be read as JSON", "")
written("cards", "cut_short.json", "cannot be read as JSON", '{"a": [1, 2')
written("cards", "utf16.json", "cannot be read as JSON", '{"a": 1}'.encode("utf-16"))
written("cards", "zero_bytes.json", "cannot be read as JSON", bytes(100))
written("cards", "million_lists.json", READ, '{"a": [' + "[]," * 300_000 + "[]]}")
written("cards", "half_a_letter.json", READ, '{"\\ud800": 1}')

FINGERPRINT = "0123456789abcdef"  # of the generator that the directions are asked for, of 4 values
for file, says, found in [
    ("of_another.json", READ, None),
    ("text.json", "no list of 4 numbers", {"redder": "x"}),
    ("short.json", "no list of 4 numbers", {"redder": [1]}),
    ("texts.json", "no list of 4 numbers", {"redder": ["1"] * 4}),
    ("nested.json", "no list of 4 numbers", {"redder": [[1]] * 4}),
    ("truths.json", "no list of 4 numbers", {"redder": [True] * 4}),
    ("many.json", "holds no directions, or more than", {str(i): [0] * 4 for i in range(500)}),
    ("list.json", "holds no directions", [1, 2]),
    ("long_name.json", "no list of 4 numbers", {"x" * 10**5: 1}),
    ("good.json", READ, {"redder": [1, 0, 0, 0.5]}),
]:
    content = {"generator": FINGERPRINT if found else "another", "directions": found}
    written("directions", file, says, json.dumps(content))

# --------------------------------------------------------------------------------------- texts in images, history

VECTOR = "array([[0.5, -1.]])"


def text(key, value):
    return b"tEXt", key.encode() + b"\0" + value.encode("latin-1")


def international(key, packed, compressed=1):
    return b"iTXt", key.encode() + b"\0" + bytes([compressed]) + b"\0\0\0" + packed


written("texts", "before.png", READ, png(before=[text("Z", VECTOR)]))
written("texts", "after.png", READ, png(after=[text("Z", VECTOR)]))
written("texts", "international.png", READ, png(before=[international("Z", VECTOR.encode(), 0)]))
written("texts", "none.png", "carries no latent vector", png())
written("texts", "bomb.png", "not an image that can be read", png(before=[(b"zTXt", b"Z\0\0" + zeros(200 * MIB))]))
written(
    "texts",
    "international_bomb.png",
    "not an image|no latent vector",
    png(before=[international("Z", zeros(200 * MIB))]),
)
written("texts", "bomb_after.png", "not an image that can be read", png(after=[(b"zTXt", b"Z\0\0" + zeros(200 * MIB))]))
case("texts", "hundred_bombs.png", "not an image that can be read")(
    lambda path: path.write_bytes(png(before=[(b"zTXt", f"k{i}\0\0".encode() + zeros(1_000_000)) for i in range(100)]))
)
written("texts", "plain_30_megabytes.png", "carries more than|not an image", png(before=[text("Z", "1" * 30 * MIB)]))
written("texts", "two_megabytes.png", "carries more than", png(before=[text("Z", "1," * MIB)]))
written("texts", "declared_gigabytes.png", "not an image|no latent vector", png()[:33] + b"\x7f\xff\xff\xfftEXtZ\0")
written("texts", "code.png", "only array", png(before=[text("Z", f"__import__('os').system('touch {CANARY}')")]))
written("texts", "two_vectors.png", "holds 2 vectors", png(before=[text("Z", "[[1], [2]]")]))
written("texts", "nan.png", "not a finite number", png(before=[text("Z", "[[nan]]")]))
written("texts", "deep.png", "lists within lists", png(before=[text("Z", "[" * 100_000)]))
written("texts", "half_a_letter.png", "carries no latent vector", png(before=[international("Z", b"\xff\xfe", 0)]))
written("texts", "seed_of_a_million_digits.png", READ, png(before=[text("Z", VECTOR), text("Seed", "9" * 10**6)]))
written(
    "texts",
    "declared_huge.png",
    "not an image that can be read",
    png(60_000, 60_000, before=[text("Z", VECTOR)], data=b""),
)
written("texts", "cut_short.png", "not an image that can be read", png(64, 64, before=[text("Z", VECTOR)])[:-30])
written("texts", "broken_pixels.png", "not an image that can be read", png(before=[text("Z", VECTOR)], data=b"x"))
written(
    "texts", "postscript.png", "not an image that can be read", "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EOF"
)
written("texts", "image.bmp", "PNG and JPEG alone", encoded("BMP"))
written("texts", "deep_comment.jpg", "carries no latent vector", encoded("JPEG", comment=b"[" * 60_000))
written("texts", "list_in_comment.jpg", "carries no latent vector", encoded("JPEG", comment=b'[{"Z": 1}]'))
written("texts", "number_in_comment.jpg", "carries no latent vector", encoded("JPEG", comment=b'{"Z": 1}'))
written(
    "texts", "code_in_comment.jpg", "only array", encoded("JPEG", comment=json.dumps({"Z": f"exec({HARM!r})"}).encode())
)
written("texts", "empty.png", "not an image that can be read", b"")

HEAD = "step,d_loss,seconds\n"
written("history", "good", READ, HEAD + "0,1.5,0.1\n1,nan,0.1\n")
written("history", "nothing", "is no history", "")
written("history", "no_columns", "is no history", "a,b\n1,2\n")
written("history", "short_row", "is no history", HEAD + "0,1\n")
written("history", "long_row", "is no history", HEAD + "0,1,2,3\n")
written("history", "words", "is no history", HEAD + "0,many,2\n")
written("history", "huge_step", "is no history", HEAD + "9" * 5000 + ",1,2\n")
written("history", "huge_field", "is no history", HEAD + "0," + "1" * 200_000 + ",2\n")
written("history", "million_columns", "is no history", "step," + ",".join(map(str, range(10**6))) + "\n")
written("history", "same_columns", "is no history", "step,step\n1,2\n")
written("history", "zero_bytes", "is no history", bytes(1000))
written("history", "open_quote", "is no history", HEAD + '0,"1' + "\n1" * 100_000)
written("history", "utf16", "is no history", (HEAD + "0,1,2\n").encode("utf-16"))
written("history", "picture", "is no history", png())
case("history", "too_large", "too many for a history")(lambda path: path.write_bytes(b"0,1,2\n" * 12_000_000))

# ------------------------------------------------------------------------------------------------------- models
# A network of 4 values to an image of 2 x 2, by hand: no Keras is needed to make what Keras is to refuse.


def layer(name, kind, module="keras.layers", **settings):
    return {"module": module, "class_name": kind, "config": {"name": name, **settings}, "registered_name": None}


def entry(size=4):
    return {**layer("input", "InputLayer", batch_shape=[None, size]), "build_config": None}


DENSE = layer("dense", "Dense", units=12)
RESHAPE = layer("reshape", "Reshape", target_shape=[2, 2, 3])
LAYERS = (entry(), DENSE, RESHAPE)
WEIGHTS = {"dense": {"kernel": np.ones((4, 12), np.float32), "bias": np.zeros(12, np.float32)}}


def sequential(layers=LAYERS, **changes):
    model = {"module": "keras", "class_name": "Sequential", "registered_name": None}
    return {
        **model,
        "config": {"name": "g", "layers": list(layers)},
        "build_config": {"input_shape": [None, 4]},
        **changes,
    }


def h5(path, config=None, weights=WEIGHTS, version="3.8.0"):
    """A model as .h5, in the layout of Keras 2 and 3; a weight may be a function that puts something into its group."""
    with h5py.File(path, "w") as file:
        config = sequential() if config is None else config
        file.attrs["model_config"] = config if isinstance(config, str | bytes) else json.dumps(config)
        file.attrs["keras_version"], file.attrs["backend"] = version, "tensorflow"
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = np.array([name.encode() for name in weights], "S64")
        for name, arrays in weights.items():
            inner = group.create_group(name)
            inner.attrs["weight_names"] = np.array([role.encode() for role in arrays][:900], "S64")
            for role, array in arrays.items():
                array(inner, role) if callable(array) else inner.create_dataset(role, data=array)


def keras_zip(path, config=None, weights=WEIGHTS, members=(), version="3.8.0", method=zipfile.ZIP_STORED):
    """A model as .keras."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for name, arrays in weights.items():
            group = file.create_group(f"layers/{name}/vars")
            for i, array in enumerate(arrays.values()):
                array(group, str(i)) if callable(array) else group.create_dataset(str(i), data=array)
    config = sequential() if config is None else config
    parts = {
        "metadata.json": json.dumps({"keras_version": version}),
        "config.json": config if isinstance(config, str | bytes) else json.dumps(config),
        "model.weights.h5": buffer.getvalue(),
        **dict(members),
    }
    zip_of(path, [(name, content) for name, content in parts.items() if content is not None], method)


def both(name, says, config=None, weights=WEIGHTS, **options):
    """The same model in both formats."""
    CASES.append(Case("models", f"{name}.h5", says, lambda path: h5(path, config, weights, **options)))
    CASES.append(Case("models", f"{name}.keras", says, lambda path: keras_zip(path, config, weights, **options)))


def with_layer(*layers):
    return sequential([entry(), DENSE, *layers, RESHAPE])


both("good", READ)
both(
    "another_z",
    READ,
    sequential([entry(7), DENSE, RESHAPE], build_config={"input_shape": [None, 7]}),
    {"dense": {"kernel": np.ones((7, 12), np.float32), "bias": np.zeros(12, np.float32)}},
)
CODE = base64.b64encode(b"\xe3" + bytes(50)).decode()
both(
    "lambda",
    "code of its own",
    with_layer(
        layer(
            "l",
            "Lambda",
            function={"class_name": "__lambda__", "config": {"code": CODE, "defaults": None, "closure": None}},
        )
    ),
)
both(
    "lambda_of_keras_2",
    "code of its own",
    with_layer(layer("l", "Lambda", function=[CODE, None, None], function_type="lambda", module="__main__")),
    version="2.15.0",
)
both(
    "lambda_in_an_activation",
    "code of its own",
    sequential(
        [
            entry(),
            layer("dense", "Dense", units=12, activation={"class_name": "__lambda__", "config": {"code": CODE}}),
            RESHAPE,
        ]
    ),
)
both(
    "typespec",
    "code of its own",
    with_layer(
        {
            "class_name": "__typespec__",
            "spec_name": "TensorSpec",
            "module": "tensorflow",
            "config": [],
            "registered_name": None,
        }
    ),
)
both("tfsm", "code of its own", with_layer(layer("l", "TFSMLayer", filepath="/tmp/model", call_endpoint="serve")))
both("torch", "code of its own", with_layer(layer("l", "TorchModuleWrapper", module="AAAA")))
both("module_of_python", "needs the class 'system'", with_layer(layer("l", "system", module="os")))
both("module_of_ones_own", "needs the class 'Evil'", with_layer(layer("l", "Evil", module="evil_module")))
both(
    "file_of_keras",
    "needs the class 'get_file'",
    with_layer(layer("l", "get_file", module="keras.utils", fname=CANARY, origin="http://127.0.0.1:9/x")),
)
both(
    "unsafe_by_keras",
    "needs the class 'enable_unsafe_deserialization'",
    with_layer(layer("l", "enable_unsafe_deserialization", module="keras.config")),
)
for file, module, function in [
    ("function_of_keras", "keras.utils", "get_file"),
    ("function_of_python", "builtins", "exec"),
]:
    named = {"module": module, "class_name": "function", "config": function, "registered_name": function}
    dense = layer("dense", "Dense", units=12, activation=named)
    both(file, f"needs the class '{function}'", sequential([entry(), dense, RESHAPE]))
both("registered_as_lambda", "needs the class 'Dense'", with_layer({**DENSE, "registered_name": "keras>Lambda"}))
both("registered_by_nobody", "needs the class 'Dense'", with_layer({**DENSE, "registered_name": "Custom>Evil"}))
both("vocabulary", "needs the class 'StringLookup'", with_layer(layer("l", "StringLookup", vocabulary="/etc/passwd")))
both(
    "vectorization",
    "needs the class 'TextVectorization'",
    with_layer(layer("l", "TextVectorization", vocabulary="/etc/passwd")),
)
both(
    "within_a_wrapper",
    "code of its own",
    with_layer(layer("l", "TimeDistributed", layer=layer("m", "Lambda", function="x"))),
)
both(
    "within_an_initializer",
    "needs the class 'load_model'",
    sequential(
        [
            entry(),
            layer(
                "dense",
                "Dense",
                units=12,
                kernel_initializer={
                    "module": "keras.models",
                    "class_name": "load_model",
                    "config": {"filepath": "x"},
                    "registered_name": None,
                },
            ),
            RESHAPE,
        ]
    ),
)
both(
    "operation_that_is_none",
    "needs the class 'KerasTensor'",
    with_layer(layer("l", "KerasTensor", module="keras.src.ops.numpy")),
)
both("name_that_is_a_list", "needs the class", with_layer({**DENSE, "class_name": ["Dense"]}))
both("module_that_is_a_dict", "needs the class", with_layer({**DENSE, "module": {"a": 1}}))
both(
    "compiles",
    READ,
    sequential(
        compile_config={
            "optimizer": {"module": "keras.optimizers", "class_name": "Adam", "config": {}, "registered_name": None},
            "loss": "mse",
        }
    )
    | {"compile_config": {"optimizer": "adam", "loss": "mse"}},
)
both("classifier", "is no generator", sequential([entry(), DENSE]))
both(
    "huge_layer",
    "need 40,000,000,000 numbers",
    sequential([entry(), layer("dense", "Dense", units=10**10), RESHAPE], build_config=None),
    WEIGHTS,
)
both(
    "wide_layers",
    "numbers, and it holds 60",
    sequential([entry(), *(layer(f"d{i}", "Dense", units=9000) for i in range(50))]),
)
both(
    "built_huge",
    "numbers, and it holds|does not build",
    sequential([layer("dense", "Dense", units=12) | {"build_config": {"input_shape": [None, 10**10]}}]),
)
both("negative_layer", "does not build", sequential([entry(), layer("dense", "Dense", units=-12), RESHAPE]))
both("layer_of_words", "does not build", sequential([entry(), layer("dense", "Dense", units="many"), RESHAPE]))
both(
    "draws_huge_images",
    "draws|does not build",
    sequential([entry(), DENSE, RESHAPE, layer("u", "UpSampling2D", size=[10**5, 10**5])]),
)
both(
    "pads_endlessly",
    "draws|does not build",
    sequential([entry(), DENSE, RESHAPE, layer("u", "ZeroPadding2D", padding=2**40)]),
)
both(
    "two_thousand_layers",
    "layers, more than 2,000",
    sequential([entry(), *(layer(f"r{i}", "ReLU") for i in range(2500))]),
)
both(
    "deep",
    "cannot be read|does not build|holds no architecture",
    '{"class_name": "Sequential", "config": ' * 30_000 + "1" + "}" * 30_000,
)
both(
    "rather_deep",
    "does not build|layers",
    json.dumps(_nest := {"class_name": "ReLU", "config": {}}).join(
        ['{"class_name": "Sequential", "config": {"layers": [' * 200, "]}}" * 200]
    ),
)
both("list", "described by a list", "[1, 2]")
both("number", "described by a int", "7")
both("nothing", "cannot be read", " ")
both("no_class", "holds no architecture", "{}")
both("no_config", "does not build", '{"class_name": "Sequential"}')
both("million_lists", "holds no architecture", '{"a": [' + "[]," * 600_000 + "[]]}")
both("too_long", "more than 2,097,152 (characters|bytes)", json.dumps({**sequential(), "x": "x" * 3 * MIB}))
both(
    "wrong_shapes",
    "(does|do) not fit",
    weights={"dense": {"kernel": np.ones((5, 12), np.float32), "bias": np.zeros(12, np.float32)}},
)
both("no_weights", "numbers, and it holds 0", weights={})
both(
    "one_layer_more",
    "does not fit|do not fit",
    weights={**WEIGHTS, "extra": {"kernel": np.ones((4, 4), np.float32), "bias": np.ones(4, np.float32)}},
)
both(
    "texts_as_weights",
    "weights are numbers",
    weights={"dense": {"kernel": np.full((4, 12), b"x"), "bias": np.zeros(12)}},
)
both(
    "structs_as_weights",
    "weights are numbers",
    weights={"dense": {"kernel": np.zeros((4, 12), [("a", "f4")]), "bias": np.zeros(12)}},
)


def instead_of_kernel(put):
    return {"dense": {"kernel": put, "bias": np.zeros(12, np.float32)}}


def declared(shape, chunks=None, **options):
    return lambda group, role: group.create_dataset(role, shape, "f4", chunks=chunks, **options)


both("declared_terabytes", "would unpack to", weights=instead_of_kernel(declared((10**6, 10**6), (1000, 1000))))
both(
    "declared_terabytes_packed",
    "would unpack to",
    weights=instead_of_kernel(declared((10**6, 10**6), (1000, 1000), compression="gzip")),
)
both(
    "huge_chunk",
    "would unpack to",
    weights=instead_of_kernel(declared((4, 12), (20_000, 20_000), maxshape=(None, None), compression="gzip")),
)


def packed_bomb(group, role):
    """A chunk that declares 4 MB and unpacks to 1.5 GiB."""
    array = group.create_dataset(role, (4, 12), "f4", chunks=(1000, 1000), maxshape=(None, None), compression="gzip")
    array.id.write_direct_chunk((0, 0), zeros(3 * 2**29))


both("chunk_bomb", "not of the size it declares", weights=instead_of_kernel(packed_bomb))
both(
    "strange_filter",
    "in a way that Keras does not",
    weights=instead_of_kernel(declared((4, 12), (4, 12), compression="lzf")),
)


def outside(group, role):
    group.create_dataset(role, (4, 12), "f4", external=[("/etc/passwd", 0, 192)])


def virtual(group, role):
    layout = h5py.VirtualLayout((4, 12), "f4")
    layout[:] = h5py.VirtualSource("/tmp/other.h5", "x", (4, 12))
    group.create_virtual_dataset(role, layout)


def into_another_file(group, role):
    group[role] = h5py.ExternalLink("/tmp/other.h5", "/x")


def soft(group, role):
    group[role] = h5py.SoftLink(f"/{role}")


def folder_in_place(group, role):
    group.create_group(role)


def into_itself(group, role):
    group[role] = group


both("external_storage", "takes numbers from another file", weights=instead_of_kernel(outside))
both("virtual_storage", "takes numbers from another file", weights=instead_of_kernel(virtual))
both("external_link", "leads to another place", weights=instead_of_kernel(into_another_file))
both("soft_link", "leads to another place", weights=instead_of_kernel(soft))
both("group_for_array", "damaged|do not fit|holds", weights=instead_of_kernel(folder_in_place))
both("group_within_itself", "damaged|do not fit|holds", weights=instead_of_kernel(into_itself))
both("six_thousand_arrays", "more than 5,000 arrays", weights={"dense": {f"w{i}": np.float32(i) for i in range(6_000)}})


@case("models", "heap_without_end.h5", "fails on it, or does not come to an end")
def heap_without_end(path):
    """The free space among a file's texts has no size: HDF5 looks for what comes behind it for ever."""
    h5(path)
    content = bytearray(path.read_bytes())
    at = content.index(b"GCOL") + 16
    while struct.unpack_from("<H", content, at)[0]:
        at += 16 + (struct.unpack_from("<Q", content, at + 8)[0] + 7) // 8 * 8
    content[at + 8 : at + 16] = bytes(8)
    path.write_bytes(content)


@case("models", "one_text_of_many_names.h5", "the HDF5 library fails on it")
def one_text_of_many_names(path):
    """Two thousand names of layers, all the same megabyte."""
    h5(path)
    with h5py.File(path, "r+") as file:
        del file["model_weights"].attrs["layer_names"]
        names = ["x" * MIB] + [f"name {i:04}" for i in range(1999)]
        file["model_weights"].attrs.create("layer_names", names, dtype=h5py.string_dtype())
    content = bytearray(path.read_bytes())
    text = content.index(b"x" * 1000)
    heap = content.rindex(b"GCOL", 0, text)
    reference = struct.pack("<LQ", MIB, heap)  # length, heap; behind it the number within the heap
    first = content.index(reference)
    one = content[first : first + 16]
    for i in range(2000):
        content[first + 16 * i : first + 16 * (i + 1)] = one
    path.write_bytes(content)


@case("models", "name_of_a_megabyte.h5", "is damaged", ["x" * MIB])
@case("models", "names_by_the_thousand.h5", "layer_names are more than 2,000", ["dense"] * 3000)
def names_of_layers(path, names):
    h5(path)
    with h5py.File(path, "r+") as file:
        del file["model_weights"].attrs["layer_names"]
        file["model_weights"].attrs.create("layer_names", names, dtype=h5py.string_dtype())


@case("models", "weights_alone.h5", "weights without an architecture")
def weights_alone(path):
    with h5py.File(path, "w") as file:
        file["x"] = 1


for kept in (0, 8, 100, 1500, 5000):
    for make in (h5, keras_zip):

        @case(
            "models",
            f"cut_at_{kept}.{'h5' if make is h5 else 'keras'}",
            "damaged|whole|neither|starts with",
            kept,
            make,
        )
        def cut(path, kept, make):
            make(path)
            path.write_bytes(path.read_bytes()[:kept])


for title, says, options in [
    ("no_config_member", "no whole .keras model", {"members": [("config.json", None)]}),
    ("no_weights_member", "no whole .keras model", {"members": [("model.weights.h5", None)]}),
    ("weights_of_text", "damaged", {"members": [("model.weights.h5", b"no HDF5")]}),
    ("metadata_of_a_list", "described by a list", {"members": [("metadata.json", "[]")]}),
    ("version_of_a_dict", READ, {"members": [("metadata.json", '{"keras_version": {"a": 1}}')]}),
    ("leaving_member", READ, {"members": [("../../" + CANARY, "x"), ("assets/../../" + CANARY, "x")]}),
    ("packed", READ, {"method": zipfile.ZIP_DEFLATED}),
]:
    case("models", f"{title}.keras", says, options)(lambda path, options: keras_zip(path, **options))


@case("models", "config_bomb.keras", "more than 2,097,152 bytes")
def config_bomb(path):
    keras_zip(path, b" " * 100 * MIB, method=zipfile.ZIP_DEFLATED)


@case("models", "weights_bomb.keras", "model.weights.h5 unpacks to more than")
def weights_bomb(path):
    keras_zip(path, members=[("model.weights.h5", bytes(300 * MIB))], method=zipfile.ZIP_DEFLATED)


written("models", "pickle.h5", "neither an .h5 nor a .keras model", pickle.dumps([1]))
written("models", "html.keras", "neither an .h5 nor a .keras model", "<html>Not found</html>")

# -------------------------------------------------------------------------------------------------- run folders
# params.json beside weights, for load_model(WGANGP, folder): a network is built before its weights are read.


def run_parameters(**changes):
    return json.dumps(tiny_parameters(**changes))


for file, says, changes in [
    ("huge_filters.json", "numbers, and it holds", {"critic_conv_filters": [10**9, 10**9]}),
    ("huge_start.json", "numbers, and it holds", {"generator_initial_dense_layer_size": [4, 4, 10**9]}),
    ("huge_z.json", "numbers, and it holds", {"z_dim": 10**12}),
    ("no_filters.json", "does not hold the arguments|does not fit", {"critic_conv_filters": []}),
    ("words.json", "does not hold the arguments", {"critic_conv_filters": "many"}),
    ("nothing.json", "does not hold the arguments", {"input_dim": None}),
    ("negative.json", "does not hold the arguments", {"z_dim": -1}),
    ("zero_strides.json", "does not hold the arguments", {"critic_conv_strides": [0, 0]}),
    ("unknown_argument.json", "does not hold the arguments", {"__class__": 1}),
    ("unknown_optimiser.json", "does not hold the arguments", {"optimiser": f"exec({HARM!r})"}),
    ("other_weights.json", "(does|do) not fit", {}),
]:
    written("runs", file, says, run_parameters(**changes))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        for one in CASES:
            (Path(sys.argv[1]) / one.room).mkdir(parents=True, exist_ok=True)
            one.make(Path(sys.argv[1]) / one.room / one.file)
    else:
        for one in CASES:
            print(f"{one.room:12} {one.file:40} {one.says or 'is read'}")
