"""Whatever a user opens is read as the page the user sees, or refused in one line that names the file."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fcotvl_hf.io.images import load_image, read_size


def _encode(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def test_path_string_bytes_and_picture_read_alike(tmp_path: Path, page: Image.Image) -> None:
    file = tmp_path / "page.png"
    page.save(file)
    for source in (file, str(file), file.read_bytes(), page):
        read = load_image(source)
        assert read.mode == "RGB"
        assert read.tobytes() == page.tobytes()
        assert read is not page


def test_camera_rotation_is_applied() -> None:
    image = Image.new("RGB", (20, 10), "white")
    image.putpixel((0, 0), (0, 0, 0))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn 90° clockwise to view
    read = load_image(_encode(image, "PNG", exif=exif))
    assert read.size == (10, 20)
    assert read.getpixel((9, 0)) == (0, 0, 0)


@pytest.mark.parametrize("orientation", range(1, 10))  # 9 is none, and ignored
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_size_is_that_of_the_upright_picture(tmp_path: Path, kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    (tmp_path / "page").write_bytes(_encode(Image.new("RGB", (20, 10)), kind, exif=exif))
    assert read_size(tmp_path / "page") == load_image(tmp_path / "page").size
    assert read_size(tmp_path / "page") == ((10, 20) if 5 <= orientation <= 8 else (20, 10))


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_becomes_white(mode: str) -> None:
    read = load_image(_encode(Image.new(mode, (2, 2)), "PNG"))
    assert read.getpixel((0, 0)) == (255, 255, 255)


def test_half_transparent_black_becomes_grey() -> None:
    read = load_image(_encode(Image.new("RGBA", (2, 2), (0, 0, 0, 128)), "PNG"))
    assert read.getpixel((0, 0)) == (127, 127, 127)


def test_transparent_palette_colour_becomes_white() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    read = load_image(_encode(image, "PNG", transparency=0))
    assert [read.getpixel((x, 0)) for x in (0, 1)] == [(255, 255, 255), (0, 0, 255)]


def test_cmyk() -> None:
    read = load_image(_encode(Image.new("CMYK", (8, 8), (255, 0, 0, 0)), "TIFF"))
    assert read.getpixel((0, 0)) == (0, 255, 255)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
def test_sixteen_bits_are_scaled_not_clipped(kind: str) -> None:
    grey = np.array([[0, 257, 32896, 65535]], dtype=np.uint16)
    read = load_image(_encode(Image.fromarray(grey), kind))
    assert [read.getpixel((x, 0)) for x in range(4)] == [(value,) * 3 for value in (0, 1, 128, 255)]


def test_animation_gives_its_first_frame() -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    read = load_image(_encode(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert read.getpixel((0, 0)) == (255, 0, 0)


@pytest.mark.parametrize("size", [(1, 1), (20000, 10)])
def test_extreme_sizes(size: tuple[int, int]) -> None:
    assert load_image(_encode(Image.new("L", size), "PNG")).size == size


def test_refusals_name_the_file(tmp_path: Path, page: Image.Image) -> None:
    whole = _encode(page, "PNG")
    broken = {"empty.png": b"", "notes.txt": b"no picture at all", "cut.png": whole[: len(whole) // 2]}
    for name, data in broken.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ValueError, match=name) as refusal:
            load_image(tmp_path / name)
        assert "\n" not in str(refusal.value)
        with pytest.raises(ValueError) as same:
            read_size(tmp_path / name)
        assert str(same.value) == str(refusal.value)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    for read in (load_image, read_size):
        with pytest.raises(FileNotFoundError, match=r"absent\.png"):
            read(tmp_path / "absent.png")
        with pytest.raises(IsADirectoryError, match="is a folder"):
            read(tmp_path)


@pytest.mark.parametrize("limit", [60, 40])  # Pillow warns at the limit and refuses at twice the limit
def test_decompression_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    (tmp_path / "bomb.png").write_bytes(_encode(Image.new("L", (10, 10)), "PNG"))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    with pytest.raises(ValueError, match=rf"bomb\.png has more than {limit} pixels"):
        load_image(tmp_path / "bomb.png")
