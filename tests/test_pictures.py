"""Both decoders against each other and against pixels known beforehand, for every kind of PNG and JPEG."""

import io
import re
import struct
import zlib

import cv2
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from roadsigns import pictures
from roadsigns.errors import DataError


def pixels(height=37, width=53, seed=0):
    """A colour gradient with noise: every DCT coefficient is used, and no two channels agree."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    smooth = np.stack([y * 5 + x * 3, y * 7, x * 4 + 20], axis=-1) % 256
    return np.clip(smooth + rng.integers(-20, 20, smooth.shape), 0, 255).astype(np.uint8)


def encode(image, form, **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def png(bits, colour, rows, width, height):
    """A PNG written by hand, for the kinds that Pillow cannot write."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


RGB = pixels()
COLOUR = Image.fromarray(RGB)
WIDE = np.random.default_rng(1).integers(0, 65536, (7, 9, 4), dtype=np.uint16)
ROTATED = Image.Exif()
ROTATED[0x0112] = 6

# Files whose pixels are known without decoding them.
KNOWN = {
    "png rgb": (encode(COLOUR, "PNG"), RGB),
    "png rgba": (encode(Image.fromarray(np.dstack([RGB, RGB[..., :1]])), "PNG"), RGB),
    "png grey": (encode(Image.fromarray(RGB[..., 0]), "PNG"), np.repeat(RGB[..., :1], 3, axis=2)),
    "png transparent colour": (encode(COLOUR, "PNG", transparency=tuple(map(int, RGB[0, 0]))), RGB),
    "png exif": (encode(COLOUR, "PNG", exif=ROTATED), RGB),
    "png grey 16": (
        encode(Image.fromarray(WIDE[..., 0]), "PNG"),
        np.repeat((WIDE[..., :1] >> 8).astype(np.uint8), 3, axis=2),
    ),
    "png rgb 16": (cv2.imencode(".png", WIDE[..., 2::-1])[1].tobytes(), (WIDE[..., :3] >> 8).astype(np.uint8)),
    "png rgba 16": (cv2.imencode(".png", WIDE[..., [2, 1, 0, 3]])[1].tobytes(), (WIDE[..., :3] >> 8).astype(np.uint8)),
    "png grey 2": (
        png(2, 0, [bytes([0b00011011])] * 3, 4, 3),
        np.tile(np.uint8([0, 85, 170, 255])[:, np.newaxis], (3, 1, 3)),
    ),
    "png grey and alpha 16": (
        png(16, 4, [struct.pack(">4H", 0x1234, 9, 0xFF00, 9)], 2, 1),
        np.repeat(np.uint8([[[0x12], [0xFF]]]), 3, axis=2),
    ),
    "png animated": (
        encode(COLOUR, "PNG", save_all=True, append_images=[COLOUR.rotate(180)], duration=100),
        RGB,
    ),
}
# Files that lose something when they are written, on which the decoders must agree.
LOSSY = {
    "png palette": encode(COLOUR.convert("P"), "PNG"),
    "png palette with transparency": encode(COLOUR.convert("P"), "PNG", transparency=3),
    "png black and white": encode(COLOUR.convert("1"), "PNG"),
    "jpeg 4:4:4": encode(COLOUR, "JPEG", quality=90, subsampling=0),
    "jpeg 4:2:2": encode(COLOUR, "JPEG", quality=75, subsampling=1),
    "jpeg 4:2:0": encode(COLOUR, "JPEG", quality=30, subsampling=2),
    "jpeg progressive": encode(COLOUR, "JPEG", progressive=True),
    "jpeg grey": encode(COLOUR.convert("L"), "JPEG"),
    "jpeg cmyk": encode(COLOUR.convert("CMYK"), "JPEG", quality=90),
    "jpeg exif": encode(COLOUR, "JPEG", exif=ROTATED),
    "jpeg profile": encode(COLOUR, "JPEG", icc_profile=b"x" * 100_000, comment=b"\xff\xda"),
}
ADOBE = bytes.fromhex("ffee000e41646f626500640000000000")
OTHER = {
    "GIF": encode(COLOUR, "GIF"),
    "BMP": encode(COLOUR, "BMP"),
    "WebP": encode(COLOUR, "WEBP"),
    "TIFF": encode(COLOUR, "TIFF"),
    "PPM": encode(COLOUR, "PPM"),
    "ICO": encode(COLOUR, "ICO"),
    "JPEG 2000": encode(COLOUR, "JPEG2000"),
    "HEIC": b"\0\0\0\x18ftypheic" + bytes(40),
    "PDF": b"%PDF-1.7\n",
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "unknown": b"hello",
    "unknown, empty": b"",
}
PNG, JPEG = KNOWN["png rgb"][0], LOSSY["jpeg 4:2:0"]
DAMAGED = {
    "png cut in its header": PNG[:20],
    "png cut in its pixels": PNG[:-300],
    "png with a flipped bit": PNG[:100] + bytes([PNG[100] ^ 1]) + PNG[101:],
    "png without size": png(8, 2, [], 0, 0),
    "png that lies about its size": PNG.replace(struct.pack(">II", 53, 37), struct.pack(">II", 53, 3700)),
    "jpeg cut in its header": JPEG[:100],
    "jpeg cut in its pixels": JPEG[:-300],
    "jpeg of its first bytes": JPEG[:3],
}
BOMB = png(8, 0, [bytes(10_000)] * 10_000, 10_000, 10_000)


@pytest.fixture(scope="module")
def graph_decode():
    return tf.function(pictures.graph_decode, input_signature=[tf.TensorSpec((), tf.string)], autograph=False)


@pytest.mark.parametrize("kind", KNOWN)
def test_decode_gives_the_pixels_that_were_written(kind):
    data, want = KNOWN[kind]
    got = pictures.decode(data)
    assert got.dtype == np.uint8
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("kind", LOSSY)
def test_decode_equals_pillow(kind):
    want = np.asarray(Image.open(io.BytesIO(LOSSY[kind])).convert("RGB"))
    np.testing.assert_array_equal(pictures.decode(LOSSY[kind]), want)


@pytest.mark.parametrize("kind", [*KNOWN, *LOSSY])
def test_graph_decode_equals_decode(kind, graph_decode):
    data = KNOWN[kind][0] if kind in KNOWN else LOSSY[kind]
    np.testing.assert_array_equal(graph_decode(data).numpy(), pictures.decode(data))


def test_cmyk_without_adobes_marker_is_not_turned_round(graph_decode):
    """Adobe stores ink as its complement and says so; Pillow by itself takes all CMYK to be stored like that."""
    ink = LOSSY["jpeg cmyk"]
    assert ink.count(ADOBE) == 1
    plain = ink.replace(ADOBE, b"")
    cyan, magenta, yellow, black = (255 - np.asarray(Image.open(io.BytesIO(ink)), int)).transpose(2, 0, 1)
    want = [(255 - black) * (255 - each) / 255 for each in (cyan, magenta, yellow)]
    got = pictures.decode(plain)
    np.testing.assert_allclose(got, np.stack(want, axis=-1), atol=1)
    assert not np.array_equal(got, pictures.decode(ink))
    np.testing.assert_array_equal(graph_decode(plain).numpy(), got)


def chunk(name, data=b"", checksum=None):
    checksum = zlib.crc32(name + data) if checksum is None else checksum
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)


START, HEAD, PIXELS, END = PNG[:8], PNG[8:33], PNG[33:-12], PNG[-12:]
PALETTE = LOSSY["png palette"]


@pytest.mark.parametrize(
    "extra",
    [
        chunk(b"fcTL", b"\0" * 26),
        chunk(b"acTL", struct.pack(">II", 2, 0)) + chunk(b"fcTL", struct.pack(">6IHHBB", 0, 9, 9, 5, 5, 0, 1, 9, 0, 0)),
        chunk(b"tEXt", b"x" * 100) * 3,
        chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(10**8))),
        chunk(b"iCCP", b"damaged"),
        chunk(b"pHYs", b""),
        chunk(b"tEXt", b"a\0b", checksum=1),
        chunk(b"PLTE", b"123"),
        chunk(b"tRNS", b"\0" * 6),
    ],
    ids=["frame", "animation", "texts", "large text", "profile", "empty", "checksum", "palette", "transparency"],
)
def test_chunks_that_tell_nothing_of_the_pixels_do_not_matter(extra, graph_decode):
    data = START + HEAD + extra + PIXELS + END
    np.testing.assert_array_equal(pictures.decode(data), RGB)
    np.testing.assert_array_equal(graph_decode(data).numpy(), RGB)


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ((HEAD, PIXELS), "cut off"),
        ((HEAD, END), "cut off"),
        ((PIXELS, END), "cut off"),
        ((PIXELS, HEAD, END), "cut off"),
        ((HEAD, HEAD, PIXELS, END), "unexpected b'IHDR'"),
        ((HEAD, chunk(b"ABCD"), PIXELS, END), "unexpected b'ABCD'"),
        ((HEAD, PIXELS, chunk(b"tEXt"), PIXELS, END), "pixels in several places"),
        ((HEAD, PIXELS, chunk(b"IEND", checksum=1)), "wrong checksum of b'IEND'"),
        ((chunk(b"IHDR", HEAD[8:-4] + b"\0"), PIXELS, END), "unknown kind of header"),
        ((chunk(b"IHDR", HEAD[8:18] + b"\1\0\0"), PIXELS, END), "unknown kind of header"),
        ((chunk(b"IHDR", HEAD[8:17] + b"\3\0\0\0"), PIXELS, END), "no palette"),
        ((chunk(b"IHDR", HEAD[8:17] + b"\3\0\0\0"), PIXELS, chunk(b"PLTE", b"123"), END), "palette behind"),
    ],
)
def test_chunks_out_of_order_are_damage(parts, why):
    with pytest.raises(DataError, match=f"The picture is a damaged PNG file: {why}"):
        pictures.decode(START + b"".join(parts))


def test_a_colour_that_the_palette_lacks_is_black():
    at = PALETTE.index(b"PLTE")
    colours = PALETTE[at + 4 : at + 4 + int.from_bytes(PALETTE[at - 4 : at])]
    short = PALETTE.replace(chunk(b"PLTE", colours), chunk(b"PLTE", colours[:30]))
    assert short != PALETTE
    index = np.asarray(Image.open(io.BytesIO(PALETTE)))
    want = np.frombuffer(colours[:30].ljust(768, b"\0"), np.uint8).reshape(256, 3)[index]
    np.testing.assert_array_equal(pictures.decode(short), want)


def test_a_side_is_no_longer_than_a_jpeg_may_have(graph_decode):
    long = png(8, 0, [bytes(65_535)], 65_535, 1)
    assert pictures.decode(long).shape == graph_decode(long).shape == (1, 65_535, 3)
    for width, height in ((65_536, 1), (1, 65_536)):
        longer = png(8, 0, [bytes(width)] * height, width, height)
        with pytest.raises(DataError, match=f"has {width} x {height} pixels: expected at most 65,535 a side. Make it"):
            pictures.decode(longer)
        with pytest.raises(tf.errors.InvalidArgumentError, match="65535 a side"):
            graph_decode(longer)


def test_more_pixels_than_the_file_can_hold_are_refused_before_there_is_room_for_them():
    lying = PNG.replace(struct.pack(">II", 53, 37), struct.pack(">II", 8000, 8000))
    with pytest.raises(DataError, match=f"The picture is a damaged .* {len(PNG)} bytes are too few for 8000 x 8000"):
        pictures.decode(lying)


def test_the_file_that_holds_most_pixels_is_read():
    """One bit a pixel, and all of them equal."""
    data = png(1, 0, [bytes(1024)] * 8192, 8192, 8192)
    assert 8192 * 8192 / len(data) > pictures.PIXELS_PER_BYTE * 0.9
    assert not pictures.decode(data).any()


def test_pieces_without_end_are_refused():
    for extra in (chunk(b"tEXt") * 100_000, chunk(b"abCd") * 100_000):
        with pytest.raises(DataError, match="'a' is a PNG file of more than 100000 chunks"):
            pictures.size(START + HEAD + extra + PIXELS + END, "'a'")
    scans = encode(COLOUR, "JPEG") + b"\xff\xda" * 100
    with pytest.raises(DataError, match="'a' is a JPEG file of more than 100 scans"):
        pictures.size(scans, "'a'")


@pytest.mark.parametrize("form", OTHER)
def test_decode_refuses_other_formats_by_name(form, graph_decode):
    name = form.partition(",")[0]
    with pytest.raises(DataError, match=re.escape(f"'sign.bin' is a picture of {name} format: expected PNG or JPEG")):
        pictures.decode(OTHER[form], "'sign.bin'")
    with pytest.raises(
        tf.errors.InvalidArgumentError,
        match=re.escape(f"[image_bytes: expected PNG or JPEG. Received:] [{name}]"),
    ):
        graph_decode(OTHER[form])


@pytest.mark.parametrize("damage", DAMAGED)
def test_decode_refuses_damage(damage, graph_decode):
    with pytest.raises(DataError, match=r"'a\.png' is a damaged (PNG|JPEG) file: .*\. Save it again"):
        pictures.decode(DAMAGED[damage], "'a.png'")
    with pytest.raises(tf.errors.InvalidArgumentError):
        graph_decode(DAMAGED[damage])


def test_decode_refuses_more_pixels_than_the_limit(graph_decode):
    assert len(BOMB) < 200_000
    with pytest.raises(DataError, match=re.escape("'bomb' has 10000 x 10000 pixels: expected at most 67,108,864")):
        pictures.decode(BOMB, "'bomb'")
    with pytest.raises(tf.errors.InvalidArgumentError, match=re.escape("at most 67108864 pixels")):
        graph_decode(BOMB)


def test_decode_refuses_what_pillow_takes_for_a_bomb_in_the_same_words():
    """Above 179 million pixels Pillow speaks of a "decompression bomb DOS attack"; the sizes are all that differs."""
    huge = BOMB[:16] + (50_000).to_bytes(4) * 2 + BOMB[24:]
    with pytest.raises(DataError, match=re.escape("'huge' has 50000 x 50000 pixels: expected at most 67,108,864")):
        pictures.decode(huge, "'huge'")


def test_read_names_the_file(tmp_path):
    path = tmp_path / "Straßenschild ü.jpg"
    path.write_bytes(OTHER["PDF"])
    with pytest.raises(DataError, match=r"Straßenschild ü\.jpg' is a picture of PDF format"):
        pictures.read(path)


EVERY_FILE = {name: file for name, (file, _) in KNOWN.items()} | LOSSY


@pytest.mark.parametrize("file", EVERY_FILE.values(), ids=EVERY_FILE.keys())
def test_the_size_is_told_without_decoding(file):
    with Image.open(io.BytesIO(file)) as image:
        assert pictures.size(file) == image.size


def test_the_size_of_a_jpeg_is_found_behind_other_segments():
    file = encode(COLOUR, "JPEG", comment=b"\xff\xc0 in a comment", exif=ROTATED, icc_profile=b"\xff\xc2" * 40_000)
    assert pictures.size(file) == COLOUR.size
    filled = file.replace(b"\xff\xc0", b"\xff\xff\xff\xc0")  # fill bytes may stand before a marker
    assert pictures.size(filled) == COLOUR.size


@pytest.mark.parametrize(
    "data", [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"\xff\xd8\xff\xe0\xff\xff", b"GIF89a" + b"\xff" * 20]
)
def test_what_has_no_header_has_no_size(data):
    assert pictures.size(data) == (0, 0)


def test_a_jpeg_of_many_segments_is_refused():
    with pytest.raises(DataError, match="The picture is a JPEG file of more than 10000 segments"):
        pictures.size(b"\xff\xd8" + b"\xff\xe0\0\2" * 10_001 + encode(COLOUR, "JPEG")[2:])
