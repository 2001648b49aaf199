"""Damaged PNG and JPEG files, whose pieces are inserted, repeated, dropped, swapped, flipped and cut.

`python tests/fuzz_pictures.py --seconds 3600 --seed 1` tries for an hour; a test tries some thousands in each run. All
ways to the pixels are held to one answer: Pillow (which `predict` and the server use) and TensorFlow (in the exported
graph) give the same pixels, or one of them refuses the file.
"""

from __future__ import annotations

import argparse
import io
import random
import re
import struct
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from roadsigns import pictures, png
from roadsigns.errors import DataError

START = b"\x89PNG\r\n\x1a\n"
ATTACKS = Path(__file__).parents[1] / "fixtures" / "attacks"
CHUNKS: dict[bytes, list[bytes]] = {
    b"PLTE": [bytes(range(30)), bytes(768), b"\1"],
    b"tRNS": [b"\0\7", b"\0\1\0\2\0\3", bytes(256), b""],
    b"fcTL": [bytes(26), struct.pack(">5IHHBB", 0, 5, 5, 1, 1, 1, 10, 1, 0), struct.pack(">I", 1)],
    b"acTL": [struct.pack(">II", 2, 0), struct.pack(">II", 0, 0), b""],
    b"fdAT": [b"\0\0\0\1" + zlib.compress(bytes(200))],
    b"tEXt": [b"Title\0a", b"\xff\0\xff", b""],
    b"zTXt": [b"a\0\0" + zlib.compress(bytes(3_000_000)), b"a\0\1x"],
    b"iTXt": [b"a\0\1\0\0\0" + zlib.compress(bytes(99)), b"a"],
    b"iCCP": [b"p\0\0" + zlib.compress(bytes(300)), b"p"],
    b"gAMA": [b"\0\0\xb1\x8f", b"\0\0\0\0", b"\0"],
    b"cHRM": [bytes(32), b"\0"],
    b"sRGB": [b"\0", b"\7", b""],
    b"sBIT": [b"\1\1\1", b"\1", b"\x20\x20\x20\x20"],
    b"bKGD": [b"\0\1\0\2\0\3", b"\0"],
    b"pHYs": [bytes(9), b""],
    b"tIME": [bytes(7), b""],
    b"eXIf": [b"MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0", b"II"],
    b"hIST": [bytes(60)],
    b"IDAT": [b"", zlib.compress(b""), b"\x78\x9c"],
    b"IEND": [b"", b"x"],
    b"ABCD": [b""],
    b"abCd": [b"", bytes(9)],
}
SEGMENTS = [
    b"\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0",
    b"\xff\xe0\0\x04JF",
    b"\xff\xe1\0\x08Exif\0\0",
    b"\xff\xe2\0\x0eICC_PROFILE\0",
    b"\xff\xe2\0\x06MPF\0",
    b"\xff\xed\0\x10Photoshop 3.0\0",
    b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\0",
    b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\1",
    b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\2",
    b"\xff\xfe\0\x04hi",
    b"\xff\xdd\0\x04\0\1",
    b"\xff\xd0",
    b"\xff\xff",
]


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def seeds() -> list[bytes]:
    """Small files of every kind, and those that once had two answers."""
    pixels = np.random.default_rng(0).integers(0, 256, (13, 11, 4), np.uint8)
    pixels[3:9, 2:8] = 200
    colour = Image.fromarray(pixels[..., :3])
    deep = Image.fromarray(pixels[..., 0].astype(np.uint16) * 255)
    files = [encoded(colour.convert(mode), "PNG") for mode in ("RGB", "RGBA", "L", "LA", "P", "1")]
    files += [
        encoded(deep, "PNG"),
        encoded(colour, "PNG", save_all=True, append_images=[colour.rotate(90)], duration=9),
        encoded(colour.convert("P"), "PNG", transparency=3),
        encoded(colour.convert("P", palette=Image.Palette.ADAPTIVE, colors=5), "PNG", bits=4),
    ]
    for mode, options in (
        ("RGB", {}),
        ("RGB", {"progressive": True}),
        ("L", {}),
        ("CMYK", {}),
        ("RGB", {"quality": 5}),
    ):
        files.append(encoded(colour.resize((24, 24)).convert(mode), "JPEG", **options))
    return [*files, *(path.read_bytes() for path in sorted(ATTACKS.glob("pic-*.bin")))]


def pieces(data: bytes) -> list[bytes]:
    """A PNG's chunks, a JPEG's segments; the parts that begin with a marker where there is no scan yet."""
    if data.startswith(START):
        ends = [8, *(end for _, _, end in png.chunks(data))]
        return [data[a:b] for a, b in zip(ends, [*ends[1:], len(data)], strict=True)]
    return re.split(rb"(?=\xff[\xc0-\xfe])", data)[1:]


def new_piece(draw: random.Random, is_png: bool) -> bytes:
    if not is_png:
        return draw.choice(SEGMENTS)
    name = draw.choice(list(CHUNKS))
    made = bytearray(chunk(name, draw.choice(CHUNKS[name])))
    if draw.random() < 0.1:
        made[-1] ^= 1
    return bytes(made)


def flip(draw: random.Random, piece: bytes, is_png: bool) -> bytes:
    """Some byte changed; most checksums are made right again, so that decoders look further."""
    made = bytearray(piece)
    if made:
        made[draw.randrange(len(made))] ^= 1 << draw.randrange(8)
    if is_png and len(made) > 12 and draw.random() < 0.8:
        return chunk(bytes(made[4:8]), bytes(made[8:-4]))
    return bytes(made)


def pixels_again(draw: random.Random, parts: list[bytes]) -> None:
    """The packed pixels of a PNG changed before they are packed."""
    for index, part in enumerate(parts):
        if part[4:8] == b"IDAT":
            try:
                raw = bytearray(zlib.decompress(part[8:-4]))
            except zlib.error:
                return
            if raw:
                raw[draw.randrange(len(raw))] ^= 1 << draw.randrange(8)
            end = draw.choice([len(raw), len(raw), len(raw) - 1, len(raw) // 2])
            parts[index] = chunk(b"IDAT", zlib.compress(bytes(raw[:end]) + draw.choice([b"", b"", b"more"])))
            return


def mutant(draw: random.Random, data: bytes) -> bytes:
    """One to three changes of a file."""
    is_png = data.startswith(START)
    first, *parts = pieces(data) if is_png else [data[:2], *pieces(data)[1:]]
    for _ in range(draw.choice([1, 1, 1, 2, 3])):
        place = draw.randrange(len(parts)) if parts else 0
        kind = draw.randrange(8)
        if kind <= 1 or not parts:
            parts.insert(draw.randrange(len(parts) + 1), new_piece(draw, is_png))
        elif kind == 2:
            parts.insert(draw.randrange(len(parts) + 1), parts[place])
        elif kind == 3:
            del parts[place]
        elif kind == 4:
            other = draw.randrange(len(parts))
            parts[place], parts[other] = parts[other], parts[place]
        elif kind == 5:
            parts[place] = flip(draw, parts[place], is_png)
        elif kind == 6 and is_png:
            pixels_again(draw, parts)
        else:
            parts[-1] = parts[-1][: draw.randrange(len(parts[-1]) + 1)]
    return first + b"".join(parts)


def mutants(seed: int) -> Iterator[bytes]:
    """Files without end; the same for the same seed."""
    draw, files = random.Random(seed), seeds()
    while True:
        yield mutant(draw, draw.choice(files))


Decoder = Callable[[bytes], np.ndarray | None]


def graph_decoder() -> Decoder:
    """The exported graph's way; None for a file that it refuses."""
    import tensorflow as tf

    graph = tf.function(pictures.graph_decode, input_signature=[tf.TensorSpec((), tf.string)], autograph=False)

    def decode(data: bytes) -> np.ndarray | None:
        try:
            return graph(data).numpy()
        except tf.errors.InvalidArgumentError:
            return None

    return decode


def decoded(data: bytes) -> np.ndarray | None:
    """The package's own way; None for a file that it refuses."""
    try:
        return pictures.decode(data)
    except DataError:
        return None


def compare(data: bytes, graph: Decoder) -> str:
    """What the two ways come to: `equal`, `refused`, `ours only`, `graph only` or `DIFFERENT`."""
    ours, theirs = decoded(data), graph(data)
    if ours is None or theirs is None:
        return "refused" if ours is theirs else "ours only" if theirs is None else "graph only"
    return "equal" if np.array_equal(ours, theirs) else "DIFFERENT"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder for the files that have two answers")
    options = parser.parse_args()
    graph, counts, end = graph_decoder(), Counter[str](), time.monotonic() + options.seconds
    for data in mutants(options.seed):
        found = compare(data, graph)
        counts[found] += 1
        if found == "DIFFERENT" and options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
            (options.keep / f"{zlib.crc32(data):08x}.bin").write_bytes(data)
        if time.monotonic() > end:
            break
    print(dict(counts), "of", counts.total())
    return int(counts["DIFFERENT"] > 0)


if __name__ == "__main__":
    sys.exit(main())
