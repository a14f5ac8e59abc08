"""A report adds nothing to the formulas and loses nothing of them; the table shows its figures in readable units."""

from dataclasses import asdict, fields, replace

import pytest
from rich.console import Console

from fcotvl_hf.cost.flops import language_prefill, prefill, standard_layer
from fcotvl_hf.cost.report import Cost, cost_of, report
from fcotvl_hf.cost.shapes import SHAPES
from fcotvl_hf.cost.table import WIDTH, render, with_unit

SHAPE = SHAPES["internvl2-2b"]
PAGES = [("page.png", 1700, 2200), ("chart.png", 400, 300)]

# InternVL2, computed independently: causal attention, 80 text tokens, strides 1, 2, 4; TFLOP of the language model, and
# how many times less the whole takes at strides 2 and 4 if all 256 tokens of a tile pass the projector
REFERENCE = [
    ("internvl2-2b", 7, (6.0, 3.0, 1.6), (1.36, 1.65)),
    ("internvl2-2b", 13, (11.4, 5.6, 2.8), (1.39, 1.70)),
    ("internvl2-2b", 25, (23.7, 11.0, 5.4), (1.44, 1.78)),
    ("internvl2-8b", 7, (27.1, 13.9, 7.4), (1.69, 2.55)),
    ("internvl2-8b", 13, (50.6, 25.1, 13.0), (1.73, 2.67)),
    ("internvl2-8b", 25, (101.5, 48.6, 24.2), (1.79, 2.81)),
]


@pytest.mark.parametrize(("name", "tiles", "teraflops", "ratios"), REFERENCE)
def test_internvl2_costs_what_the_reference_says(
    name: str, tiles: int, teraflops: tuple[float, ...], ratios: tuple[float, ...]
) -> None:
    costs = [cost_of(SHAPES[name].at_stride(stride), tiles, 80) for stride in (1, 2, 4)]
    assert [cost.language_flops_causal / 1e12 for cost in costs] == pytest.approx(teraflops, abs=0.055)
    wholes = [cost.vision_flops + costs[0].projector_flops + cost.language_flops_causal for cost in costs]
    assert [wholes[0] / whole for whole in wholes[1:]] == pytest.approx(ratios, abs=0.0055)


def test_each_part_of_a_cost() -> None:
    shape = SHAPE.at_stride(2)
    cost, parts = cost_of(shape, 7, 80, "float32"), prefill(shape, 7, 80)
    assert (cost.stride, cost.visual_tokens, cost.prompt_tokens) == (2, 7 * 128, 7 * 128 + 80)
    assert cost.kv_bytes == (7 * 128 + 80) * 2 * 98_304
    assert cost.vision_flops + cost.projector_flops + cost.language_flops == parts.flops
    assert cost.language_flops_causal == 2 * language_prefill(SHAPE.text_config, 976, causal=True)
    assert cost.language_flops_standard == 2 * 24 * standard_layer(976, 2048, 8192)


def test_images_are_counted_alone_and_together() -> None:
    counted = report(SHAPE, PAGES, strides=[1, 4], text_tokens=50)
    assert [(image.columns, image.rows, image.tiles) for image in counted.images] == [(3, 4, 13), (4, 3, 13)]
    assert [[cost.stride for cost in image.costs] for image in counted.images] == [[1, 4], [1, 4]]
    assert counted.together == [cost_of(SHAPE.at_stride(stride), 26, 50) for stride in (1, 4)]
    for place, total in enumerate(counted.separately):
        alone = [image.costs[place] for image in counted.images]
        assert total.stride == alone[0].stride
        for name in (field.name for field in fields(Cost) if field.name != "stride"):
            assert getattr(total, name) == sum(getattr(cost, name) for cost in alone), name


def test_tiles_are_the_models_unless_told() -> None:
    page = [("page.png", 800, 800)]
    assert report(replace(SHAPE, max_tiles=6), page).images[0].tiles == 5
    assert report(SHAPE, page, max_tiles=1).images[0].tiles == 1
    with pytest.raises(ValueError, match="min_tiles=3 and max_tiles=2"):
        report(replace(SHAPE, min_tiles=3), page, max_tiles=2)


def test_table_fits_80_columns_and_shows_all_pictures() -> None:
    console = Console(width=WIDTH)
    pages = [*PAGES, ("photographs/of/documents/2024-05-01-invoice-4711-page-0001.jpeg", 300, 300)]
    counted = report(SHAPES["internvl2-8b"], pages, max_tiles=24)
    with console.capture() as said:
        console.print(render(counted))
    lines = said.get().splitlines()
    assert max(len(line) for line in lines) <= 80
    text = "\n".join(lines)
    assert "…" not in text
    assert "page.png" in text and "3 × 4 + 1 = 13 tiles" in text
    assert "in one prompt" in text and "one prompt each" in text
    for cost in (*counted.images[0].costs, *counted.together):
        assert f" {cost.visual_tokens:,} " in text


def test_one_picture_needs_no_total() -> None:
    console = Console(width=WIDTH)
    with console.capture() as said:
        console.print(render(report(SHAPE, [("icon.png", 64, 64)])))
    assert "in one prompt" not in said.get()
    assert "1 tile " in said.get()


@pytest.mark.parametrize(
    ("amount", "step", "shown"),
    [
        (0, 1000, "0"),
        (999, 1000, "999"),
        (1000, 1000, "1.00 k"),
        (12_345, 1000, "12.3 k"),
        (999_499, 1000, "999 k"),
        (2_500_000, 1000, "2.50 M"),
        (5_000_000_000, 1000, "5000 M"),
        (1536, 1024, "1.50 k"),
    ],
)
def test_amounts_have_three_digits_and_a_unit(amount: int, step: int, shown: str) -> None:
    assert with_unit(amount, step, ("", "k", "M")) == shown


def test_a_report_is_plain_data() -> None:
    told = asdict(report(SHAPE, PAGES))
    assert told["images"][0]["costs"][0]["visual_tokens"] == 3328
    assert told["model"] == "internvl2-2b"
