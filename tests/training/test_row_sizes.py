"""Sizes told from text and headers are those of the collated rows."""

import copy
from io import BytesIO

import pytest
from datasets import Dataset, Features, List, Value
from datasets import Image as ImageFeature
from PIL import ExifTags, Image

from fcotvl_hf.training.data import ocr_pages
from fcotvl_hf.training.packing import RowSize
from fcotvl_hf.training.row_sizes import RowSizes
from fcotvl_hf.training.skipping import BLANK

from .conftest import row


def collated_sizes(trainer, rows) -> list[RowSize]:
    """Tokens and tiles of rows as the trainer's own collator makes them."""
    sizes = []
    for one in rows:
        batch = trainer.data_collator([copy.deepcopy(one)])
        sizes.append(RowSize(batch["input_ids"].shape[1], len(batch.get("pixel_values", []))))
    return sizes


def test_sizes_are_those_of_the_collated_rows(make_trainer, mixed_rows) -> None:
    trainer = make_trainer("sft", mixed_rows)
    sizes = RowSizes(mixed_rows, trainer.processing_class)
    assert [sizes[index] for index in range(4)] == collated_sizes(trainer, mixed_rows)
    assert [sizes[index].tiles for index in range(4)] == [1, 4, 5, 0]
    assert sizes.blank == collated_sizes(trainer, [BLANK])[0]


def test_drawn_pages_have_the_size_they_train_with(make_trainer) -> None:
    trainer, pages = make_trainer("sft"), ocr_pages(["recognition", "chart"], 6, 0)
    sizes = RowSizes(pages, trainer.processing_class)
    assert [sizes[index] for index in range(6)] == collated_sizes(trainer, [pages[index] for index in range(6)])


def stored(image: Image.Image, **options: object) -> bytes:
    """A JPEG file of an image."""
    buffer = BytesIO()
    image.save(buffer, "jpeg", **options)
    return buffer.getvalue()


def stored_rows(files: list[bytes]) -> Dataset:
    """One row per file, as they lie in Parquet."""
    texts = [row([Image.new("RGB", (1, 1))], "Read.", "x")["messages"] for _ in files]
    block = {"type": Value("string"), "text": Value("string")}
    messages = List({"role": Value("string"), "content": List(block)})
    features = Features({"images": List(ImageFeature()), "messages": messages})
    images = [[{"bytes": file, "path": None}] for file in files]
    return Dataset.from_dict({"images": images, "messages": texts}, features=features)


def test_stored_images_are_measured_by_their_header_and_turned_ones_stand_up(make_trainer) -> None:
    wide = Image.effect_noise((336, 112), 60).convert("RGB")
    turn = Image.Exif()
    turn[ExifTags.Base.Orientation] = 6
    rows = stored_rows([stored(wide), stored(wide, exif=turn), stored(wide.resize((112, 112)))])
    trainer = make_trainer("sft")
    whole = RowSizes(rows, trainer.processing_class)
    assert [whole[index] for index in range(3)] == collated_sizes(trainer, list(rows))

    cut = RowSizes(stored_rows([stored(wide)[:700]]), trainer.processing_class)  # the header is whole, the pixels not
    assert cut[0] == whole[0]


def test_rows_that_are_no_conversation_are_refused(make_trainer) -> None:
    sizes = RowSizes([{"images": [], "text": "hello"}], make_trainer("sft").processing_class)
    with pytest.raises(ValueError, match="packing needs rows with messages, not with images, text"):
        _ = sizes[0]
