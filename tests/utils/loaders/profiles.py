"""Colour profiles as cameras and screens write them, made here: ICC version 2, three primaries and a curve each."""

import struct

import numpy as np

# primaries as XYZ for the white D50, one a row
SRGB = np.array([[0.43607, 0.22249, 0.01392], [0.38515, 0.71687, 0.09708], [0.14307, 0.06061, 0.71410]])
DISPLAY_P3 = np.array([[0.51512, 0.24120, -0.00105], [0.29198, 0.69225, 0.04189], [0.15710, 0.06657, 0.78407]])
ADOBE_RGB = np.array([[0.60974, 0.31111, 0.01947], [0.20528, 0.62567, 0.06087], [0.14919, 0.06322, 0.74457]])
WHITE = (0.9642, 1.0, 0.8249)


def srgb_curve(values):
    """Light, 0 to 1, of sRGB's and Display P3's numbers, 0 to 1."""
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def adobe_curve(values):
    return values ** (563 / 256)


def as_srgb(levels, primaries, curve):
    """What pixels of a profile are in sRGB: uint8 (..., 3) -> float (..., 3), 0 to 255."""
    light = np.clip(curve(np.asarray(levels) / 255) @ primaries @ np.linalg.inv(SRGB), 0, 1)
    return 255 * np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def rgb_profile(primaries, curve):
    tags = {b"desc": b"desc" + bytes(4) + struct.pack(">L", 5) + b"test\0" + bytes(79), b"wtpt": _xyz(WHITE)}
    for letter, primary in zip(b"rgb", primaries, strict=True):
        tags[bytes([letter]) + b"XYZ"] = _xyz(primary)
        tags[bytes([letter]) + b"TRC"] = _curve(curve)
    return _profile(b"RGB ", tags)


def grey_profile(curve):
    description = b"desc" + bytes(4) + struct.pack(">L", 5) + b"test\0" + bytes(79)
    return _profile(b"GRAY", {b"desc": description, b"wtpt": _xyz(WHITE), b"kTRC": _curve(curve)})


def _xyz(values):
    return b"XYZ " + bytes(4) + struct.pack(">3l", *(round(value * 65536) for value in values))


def _curve(curve):
    table = np.rint(65535 * curve(np.linspace(0, 1, 1024))).astype(">u2")
    return b"curv" + bytes(4) + struct.pack(">L", len(table)) + table.tobytes()


def _profile(space, tags):
    at, directory, content = 128 + 4 + 12 * len(tags), b"", b""
    for name, data in tags.items():
        directory += name + struct.pack(">2L", at + len(content), len(data))
        content += data + bytes(-len(data) % 4)
    size = at + len(content)
    head = struct.pack(">L4sL4s4s4s", size, b"test", 0x02400000, b"mntr", space, b"XYZ ").ljust(36, b"\0") + b"acsp"
    head = head.ljust(68, b"\0") + struct.pack(">3l", *(round(value * 65536) for value in WHITE))
    return head.ljust(128, b"\0") + struct.pack(">L", len(tags)) + directory + content
