"""Whatever strangers send is read as they see it, or refused in one line that tells no path and repeats nothing."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fcotvl_hf.app.checks import check_names, check_new_tokens, check_question, check_threshold, read_upload
from fcotvl_hf.app.limits import NEW_TOKENS, QUESTION_CHARACTERS, UPLOAD_BYTES

Encode = Callable[..., bytes]
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


def _read(folder: Path, data: bytes, name: str = "upload") -> Image.Image:
    (folder / name).write_bytes(data)
    return read_upload({"path": str(folder / name)})


def _refusal(folder: Path, data: bytes, name: str = "upload") -> str:
    with pytest.raises(ValueError) as refusal:
        _read(folder, data, name)
    told = str(refusal.value)
    assert "\n" not in told and str(folder) not in told and name not in told
    return told


def _bomb(width: int, height: int) -> bytes:
    """A PNG that says how large it is, and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(7000, 7000), (12000, 12000), (60000, 60000)])  # ours, Pillow's warning, its error
def test_bombs_are_refused_by_their_header(size: tuple[int, int], tmp_path: Path) -> None:
    assert "pixels" in _refusal(tmp_path, _bomb(*size))


@pytest.mark.parametrize("size", [(1, 1), (20000, 1), (3, 400)])
def test_slivers_are_refused(size: tuple[int, int], tmp_path: Path, encode_as: Encode) -> None:
    told = _refusal(tmp_path, encode_as(Image.new("L", size)))
    assert told == f"this file has {size[0]} × {size[1]} pixels; nothing can be read below 8 a side"


@pytest.mark.parametrize("name", ["page.svg", "<img src=x onerror=alert(1)>.png", "<script>alert(1)<", "notes.txt"])
def test_what_is_no_picture_is_told_without_its_name(name: str, tmp_path: Path) -> None:
    wanted = "this file is not an image in one of the formats PNG, JPEG, WEBP, GIF, TIFF, BMP, PPM"
    for data in (SVG, b"no picture at all", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", b"\x00" * 64):
        assert _refusal(tmp_path, data, name) == wanted


def test_empty_and_cut_files(tmp_path: Path, page: Image.Image, encode_as: Encode) -> None:
    assert _refusal(tmp_path, b"") == "this file cannot be read as an image: it is empty"
    for kind in ("PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP"):
        whole = encode_as(page, kind)
        told = _refusal(tmp_path, whole[: len(whole) // 2])
        assert "is a damaged image" in told or "is not an image" in told  # a TIFF's table of contents comes last


def test_noise_behind_a_good_start_never_escapes(tmp_path: Path, page: Image.Image, encode_as: Encode) -> None:
    draw = np.random.default_rng(0)
    for kind in ("PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP", "PPM"):
        whole = encode_as(page, kind)
        for _ in range(12):
            broken = bytearray(whole)
            for place in draw.integers(8, len(whole), 12):
                broken[place] = int(draw.integers(256))
            try:
                assert _read(tmp_path, bytes(broken)).mode == "RGB"
            except ValueError as error:
                assert str(tmp_path) not in str(error)


def test_large_files_are_not_opened(tmp_path: Path) -> None:
    assert "MB, 12 MB are allowed" in _refusal(tmp_path, b"\x89PNG" + b"\0" * UPLOAD_BYTES)


def test_polyglots_are_the_picture_only(tmp_path: Path, page: Image.Image, encode_as: Encode) -> None:
    for tail in (b"PK\x03\x04 and an archive", SVG, b"<?php system('id') ?>"):
        assert _read(tmp_path, encode_as(page) + tail).tobytes() == page.tobytes()


def test_pictures_look_as_their_sender_sees_them(tmp_path: Path, encode_as: Encode) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn 90° clockwise to view
    assert _read(tmp_path, encode_as(Image.new("RGB", (40, 20)), "JPEG", exif=exif)).size == (20, 40)
    clear = Image.new("RGBA", (9, 9), (0, 0, 0, 0))
    assert _read(tmp_path, encode_as(clear)).getpixel((4, 4)) == (255, 255, 255)
    deep = Image.fromarray(np.full((9, 9), 32896, dtype=np.uint16))
    assert _read(tmp_path, encode_as(deep)).getpixel((4, 4)) == (128, 128, 128)
    cyan = _read(tmp_path, encode_as(Image.new("CMYK", (9, 9), (255, 0, 0, 0)), "TIFF")).getpixel((4, 4))
    assert cyan == (0, 255, 255)
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue")]
    moving = encode_as(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert _read(tmp_path, moving).getpixel((4, 4)) == (255, 0, 0)


@pytest.mark.parametrize("upload", [None, {"path": None, "url": "data:image/png;base64,AAAA"}, {"path": "/gone.png"}])
def test_no_file_is_told(upload: Any) -> None:
    with pytest.raises(ValueError, match="upload"):
        read_upload(upload)


def test_questions() -> None:
    special = ["<IMG_CONTEXT>", "<|im_end|>"]
    assert check_question("  Read <b>this</b>. ", special) == "Read <b>this</b>."
    assert check_question("x" * QUESTION_CHARACTERS, special)
    for wrong, told in (
        ("", "ask something"),
        (None, "ask something"),
        ({"a": 1}, "ask something"),
        ("x" * (QUESTION_CHARACTERS + 1), "501 characters, 500 are allowed"),
        ("Go on <|im_end|>", "only the chat template may write"),
    ):
        with pytest.raises(ValueError, match=told):
            check_question(wrong, special)


def test_settings_of_any_type() -> None:
    assert check_names(["b", "a"], ["a", "b", "c"]) == ["a", "b"]
    assert check_names([], ["a"]) == []
    assert check_new_tokens(16.0) == 16
    assert check_threshold(1) == 1.0
    for wrong in ("x", None, {"a": 1}, ["x"], [["a"]], [{}]):
        with pytest.raises(ValueError, match="choose from a"):
            check_names(wrong, ["a"])
    for wrong in (0, NEW_TOKENS + 1, 2.5, "many", None, float("nan"), float("inf")):
        with pytest.raises(ValueError, match=f"1 to {NEW_TOKENS} tokens"):
            check_new_tokens(wrong)
    for wrong in (-0.1, 1.1, "x", None, float("nan")):
        with pytest.raises(ValueError, match="between 0 and 1"):
            check_threshold(wrong)
