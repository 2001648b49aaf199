"""Pictures as people have them: all formats, upright; what is refused, and in which words."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from roadsigns import photos, pictures
from roadsigns.errors import DataError

SIGN = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
LOSSLESS = {"PNG": {}, "BMP": {}, "PPM": {}, "TIFF": {}, "WEBP": {"lossless": True}}
LOSSY = {"JPEG": {}, "GIF": {}, "WEBP": {}, "AVIF": {}}


def saved(image: Image.Image, form: str, **how: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **how)
    return file.getvalue()


@pytest.mark.parametrize("form", LOSSLESS)
def test_every_lossless_format_gives_its_pixels(form: str) -> None:
    np.testing.assert_array_equal(photos.decode(saved(Image.fromarray(SIGN), form, **LOSSLESS[form])), SIGN)


@pytest.mark.parametrize("form", LOSSY)
def test_every_lossy_format_gives_what_pillow_gives(form: str) -> None:
    data = saved(Image.fromarray(SIGN), form)
    np.testing.assert_array_equal(photos.decode(data), np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))


@pytest.mark.parametrize("orientation", range(10))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_picture_stands_upright_as_its_exif_says(form: str, orientation: int) -> None:
    """Pillow's own `exif_transpose` is the second way."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    how = {"lossless": True} if form == "WEBP" else {}
    data = saved(Image.fromarray(SIGN), form, exif=exif, **how)
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
    np.testing.assert_array_equal(photos.decode(data), np.asarray(expected))


def test_a_picture_that_pillow_holds_stands_upright_too() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.open(io.BytesIO(saved(Image.fromarray(SIGN), "PNG", exif=exif)))
    np.testing.assert_array_equal(photos.from_image(image), np.rot90(SIGN, -1))


@pytest.mark.parametrize("kind", ["png", "jpg"])
def test_png_and_jpeg_have_the_servers_pixels(kind: str) -> None:
    folder = Path(__file__).parent.parent / "fixtures" / "pictures"
    for path in sorted(folder.glob(f"*.{kind}")):
        np.testing.assert_array_equal(photos.read(path), pictures.read(path), str(path))


def test_sixteen_bits_and_transparency_are_read() -> None:
    grey = (np.arange(256, dtype=np.uint16) * 257).reshape(16, 16)
    for form in ("PNG", "TIFF"):
        data = saved(Image.fromarray(grey), form)
        np.testing.assert_array_equal(photos.decode(data)[..., 1], (grey >> 8).astype(np.uint8))
    pgm = b"P5 16 16 65535\n" + grey.byteswap().tobytes()
    np.testing.assert_array_equal(photos.decode(pgm)[..., 0], (grey >> 8).astype(np.uint8))
    clear = np.dstack([SIGN, np.zeros(SIGN.shape[:2], np.uint8)])
    data = saved(Image.fromarray(clear), "WEBP", lossless=True, exact=True)
    np.testing.assert_array_equal(photos.decode(data), SIGN)


def test_of_several_frames_the_first_counts() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(photos.decode(data)[0, 0], [255, 0, 0])


def test_exif_that_is_damaged_leaves_the_picture_as_it_is() -> None:
    data = saved(Image.fromarray(SIGN), "PNG")
    chunk = b"eXIf" + b"II*\0" + b"\xff" * 20
    import zlib

    broken = data[:-12] + len(chunk[4:]).to_bytes(4) + chunk + zlib.crc32(chunk).to_bytes(4) + data[-12:]
    np.testing.assert_array_equal(photos.decode(broken), SIGN)


PNG = saved(Image.fromarray(SIGN), "PNG")
BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "'x' is empty: expected a picture file"),
    "text": (b"hello", "'x' is no picture, or of another format: expected PNG, JPEG, WebP, BMP, GIF, TIFF, PPM or PGM"),
    "PDF": (b"%PDF-1.7\n", "is no picture, or of another format"),
    "cut PNG": (PNG[: len(PNG) // 2], "'x' is a damaged PNG file: "),
    "cut BMP": (saved(Image.fromarray(SIGN), "BMP")[:300], "'x' is a damaged picture file: "),
    "too many pixels": (b"P6 9000 9000 255\n", "'x' has 9000 x 9000 pixels: expected at most 67,108,864 in all. Make"),
    "too long": (b"P6 66000 1 255\n", "'x' has 66000 x 1 pixels: expected at most 65,535 a side. Make it smaller"),
    "bomb": (b"P6 200000 200000 255\n", "expected at most 67,108,864"),
}


@pytest.mark.parametrize(("data", "message"), BAD.values(), ids=BAD.keys())
def test_what_is_no_picture_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        photos.decode(data, "'x'")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM"])
def test_damage_anywhere_is_ours_or_harmless(form: str) -> None:
    data = saved(Image.fromarray(SIGN), form)
    random = np.random.default_rng(1)
    for _ in range(200):
        broken = bytearray(data)
        for place in random.integers(0, len(data), 3):
            broken[place] = random.integers(0, 256)
        try:
            pixels = photos.decode(bytes(broken))
        except DataError:
            continue
        assert pixels.dtype == np.uint8 and pixels.ndim == 3


def test_a_pipe_that_nobody_writes_into_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="is empty"):
        photos.read(tmp_path / "pipe")
