"""Pools: any safetensors folders are merged by every method, whatever does not belong together is refused by name."""

import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from fcotvl_hf.io.ranges import TensorFile
from fcotvl_hf.io.tensors import TensorSpec, write_checkpoint
from fcotvl_hf.merging import methods
from fcotvl_hf.merging.blocks import Blocks
from fcotvl_hf.merging.pool import Pool, Recipe
from fcotvl_hf.merging.sources import FolderSource

from .conftest import MakeFolder, Tensors

RECIPES = [
    (Recipe((0.5, 0.2)), partial(methods.linear, coefficients=(0.3, 0.5, 0.2))),
    (
        Recipe((1.0, 1.0), "ties", {"density": 0.5, "scale": 0.7}),
        partial(methods.ties, weights=(1, 1), density=0.5, scale=0.7),
    ),
    (
        Recipe((0.5, 0.5), "dare", {"density": 0.5, "seed": 3}),
        partial(methods.dare, weights=(0.5, 0.5), density=0.5, seed=3),
    ),
    (Recipe((0.5, 0.5), "model-stock"), methods.model_stock),
    (Recipe((0.4, 0.6), "slerp"), lambda rows: methods.slerp([rows[0][1:]], 0.6)),
]


def tensors(seed: int, dtype: torch.dtype = torch.float32) -> Tensors:
    generator = torch.Generator().manual_seed(seed)
    made = {"a": torch.randn(7, 5, generator=generator), "b.weight": torch.randn(3, generator=generator)}
    return {name: tensor.to(dtype) for name, tensor in made.items()} | {"steps": torch.arange(4)}


@pytest.fixture
def three(make_folder: MakeFolder) -> list[Path]:
    """A base and two checkpoints that are no models of ours."""
    return [make_folder(name, tensors(seed)) for seed, name in enumerate(("base", "one", "two"))]


def merged(pool: Pool, recipe: Recipe) -> Tensors:
    return dict(pool.merged(recipe))


@pytest.mark.parametrize(("recipe", "method"), RECIPES, ids=[recipe.method for recipe, _ in RECIPES])
def test_every_method_works_on_any_folder(three: list[Path], recipe: Recipe, method) -> None:
    pool = Pool(three[0], three[1:])
    found = merged(pool, recipe)
    sources = [tensors(seed) for seed in range(3)]
    for name in ("a", "b.weight"):
        rows = torch.stack([source[name].flatten() for source in sources])
        (expected,) = method([rows])
        torch.testing.assert_close(found[name], expected.reshape(sources[0][name].shape))
    assert torch.equal(found["steps"], torch.arange(4))
    assert pool.keep_in_memory()
    again = merged(pool, recipe)
    assert all(torch.equal(again[name], tensor) for name, tensor in found.items())


def test_a_tensor_larger_than_a_block_is_read_in_parts(three: list[Path]) -> None:
    sources = [FolderSource(folder) for folder in three]
    with ThreadPoolExecutor() as readers:
        parts = list(Blocks("a", sources, readers, size=8))
        assert [part.shape for part in parts] == [(3, 8)] * 4 + [(3, 3)]
        (whole,) = Blocks("a", sources, readers)
    assert torch.equal(torch.cat(parts, dim=1), whole)


def test_what_has_no_weight_is_not_read(three: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []
    original = TensorFile.read
    pool = Pool(three[0], three[1:])
    monkeypatch.setattr(TensorFile, "read", lambda self, *args: read.append(self.path.parent) or original(self, *args))
    merged(pool, Recipe((0.0, 1.0)))
    assert read.count(three[2]) == 2 and three[1] not in read  # two tensors; the base only gives its integers
    assert read.count(three[0]) == 1
    read.clear()
    merged(pool, Recipe((0.1,) * 2))
    assert len(read) == 3 * 2 + 1  # each once


def test_half_precision_is_rounded_once(make_folder: MakeFolder) -> None:
    folders = [make_folder(f"m{seed}", tensors(seed, torch.bfloat16)) for seed in range(3)]
    found = merged(Pool(folders[0], folders[1:]), Recipe((0.3, 0.3)))
    rows = torch.stack([tensors(seed, torch.bfloat16)["a"].float() for seed in range(3)])
    exact = torch.tensor([0.4, 0.3, 0.3]) @ rows.reshape(3, -1)
    assert found["a"].dtype == torch.bfloat16
    assert torch.equal(found["a"].flatten(), exact.bfloat16())


def test_float64_is_not_narrowed(make_folder: MakeFolder) -> None:
    folders = [make_folder(f"m{seed}", tensors(seed, torch.float64)) for seed in range(2)]
    found = merged(Pool(folders[0], folders[1:]), Recipe((0.25,)))["a"]
    expected = 0.75 * tensors(0, torch.float64)["a"] + 0.25 * tensors(1, torch.float64)["a"]
    torch.testing.assert_close(found, expected, rtol=1e-15, atol=1e-15)


def test_shards_in_another_order_are_the_same(three: list[Path], tmp_path: Path) -> None:
    expected = merged(Pool(three[0], three[1:]), Recipe((0.5, 0.2)))
    moved = dict(reversed(tensors(1).items()))
    (three[1] / "model.safetensors").unlink()
    specs = {name: TensorSpec(tuple(tensor.shape), tensor.dtype) for name, tensor in moved.items()}
    write_checkpoint(three[1], specs, moved.items(), max_shard_bytes=50)
    assert len(list(three[1].glob("*.safetensors"))) > 1
    found = merged(Pool(three[0], three[1:]), Recipe((0.5, 0.2)))
    assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())


def test_a_tied_head_that_some_store_twice_is_left_out(make_folder: MakeFolder) -> None:
    base, once, twice = tensors(0), tensors(1), tensors(2)
    twice["head"] = twice["a"].clone()
    folders = [make_folder(name, t) for name, t in (("base", base), ("once", once), ("twice", twice))]
    assert "head" not in merged(Pool(folders[0], folders[1:]), Recipe((0.5, 0.5)))
    twice["head"] += 1
    save_file(twice, folders[2] / "model.safetensors")
    with pytest.raises(ValueError, match="the first has head, the second has not"):
        Pool(folders[0], folders[1:])


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        ({"c": torch.zeros(1)}, r"one and .*base hold different tensors: the first has c, the second has not"),
        ({"a": torch.zeros(5, 7)}, r"a is \[5, 7\] in .*one and \[7, 5\] in .*two"),
        ({"steps": torch.ones(4, dtype=torch.int64)}, r"steps holds integers \(torch.int64\) that differ in .*one"),
        ({"a": torch.zeros(7, 5).to(torch.float8_e4m3fn)}, r"a of .*one is quantised \(torch.float8_e4m3fn\)"),
        ({"a": torch.zeros(7, 5, dtype=torch.int8)}, r"a is torch.int8 in .*one and torch.float32 in .*two"),
    ],
)
def test_tensors_that_do_not_belong_together_are_named(three: list[Path], spoil: Tensors, told: str) -> None:
    save_file(tensors(1) | spoil, three[1] / "model.safetensors")
    with pytest.raises(ValueError, match=told):
        Pool(three[0], three[1:])


@pytest.mark.parametrize(
    ("file", "mine", "others", "told"),
    [
        ("config.json", {"compressor_stride": 2}, {"compressor_stride": 4}, "compressor_stride: 2 and 4"),
        ("config.json", {"text_config": {"d": 1}}, {"text_config": {"d": 2}}, "text_config.d: 1 and 2"),
        ("processor_config.json", {"image_processor": {"max_patches": 12}}, {}, "image_processor: .* and null"),
        ("tokenizer.json", {"model": {"vocab": {"a": 0}}}, {"model": {"vocab": {"a": 1}}}, "model.vocab.a: 0 and 1"),
    ],
)
def test_settings_that_differ_are_named(three: list[Path], file: str, mine, others, told: str) -> None:
    for folder in three:
        (folder / file).write_text(json.dumps(mine if folder == three[1] else others))
    with pytest.raises(ValueError, match=f"one and .*two do not belong together: {file} {told}"):
        Pool(three[0], three[1:])


def test_a_setting_that_older_folders_lack_is_its_default(three: list[Path]) -> None:
    for folder in three:
        (folder / "config.json").write_text("{}")
    (three[2] / "config.json").write_text(json.dumps({"compressor_position": "before_projector"}))
    Pool(three[0], three[1:])
    (three[2] / "config.json").write_text(json.dumps({"compressor_position": "after_projector"}))
    with pytest.raises(ValueError, match="compressor_position"):
        Pool(three[0], three[1:])


def test_other_tokenizers_of_other_kinds_are_named(three: list[Path]) -> None:
    for number, folder in enumerate(three):
        (folder / "tokenizer.model").write_bytes(b"x" * number)
    with pytest.raises(ValueError, match="tokenizer.model differs"):
        Pool(three[0], three[1:])


def test_what_training_changes_is_no_difference(three: list[Path]) -> None:
    for number, folder in enumerate(three):
        changed = {"_name_or_path": str(folder), "dtype": f"float{16 << number}", "use_cache": number == 0}
        (folder / "config.json").write_text(json.dumps({"model_type": "llama", **changed}))
        (folder / "tokenizer.json").write_text(json.dumps({"padding": number, "model": {}}))
        (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": "x", f"written_by_{number}": True}))
    Pool(three[0], three[1:])


def test_missing_and_damaged_files_are_named(
    three: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = (three[1] / "model.safetensors").read_bytes()
    pool = Pool(three[0], three[1:])
    (three[1] / "model.safetensors").write_bytes(whole[:-8])
    with pytest.raises(ValueError, match=r"one/model.safetensors is cut short"):
        Pool(three[0], three[1:])
    with pytest.raises(ValueError, match=r"one/model.safetensors ends inside"):
        merged(pool, Recipe((0.5, 0.5)))
    with pytest.raises(FileNotFoundError, match="no model at .*three"):
        Pool(three[0], [tmp_path / "three"])
    monkeypatch.chdir(tmp_path.parent)
    with pytest.raises(FileNotFoundError, match=f"no checkpoint at {tmp_path.name}/three"):  # no Hub id
        Pool(three[0], [f"{tmp_path.name}/three"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match=r"no \*.safetensors in .*empty"):
        Pool(three[0], [tmp_path / "empty"])


def test_hashes_are_the_files_and_need_no_second_reading(three: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [sha256((folder / "model.safetensors").read_bytes()).hexdigest() for folder in three]
    assert [FolderSource(folder).sha256() for folder in three] == expected
    pool = Pool(three[0], three[1:])
    merged(pool, Recipe((0.5, 0.2)))
    digested = [source._files[0]._digested for source in (pool.base, *pool.checkpoints)]
    assert digested == [(folder / "model.safetensors").stat().st_size for folder in three]
    assert [source.sha256() for source in (pool.base, *pool.checkpoints)] == expected


def test_a_pool_that_does_not_fit_stays_on_disk(three: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Pool(three[0], three[1:])
    monkeypatch.setattr("fcotvl_hf.merging.pool._MEMORY_SHARE", 0)
    assert not pool.keep_in_memory()
    assert isinstance(pool.base, FolderSource)
