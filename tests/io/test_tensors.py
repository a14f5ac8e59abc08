"""Checkpoints written tensor by tensor are what safetensors itself writes and reads."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from fcotvl_hf.io.tensors import DTYPES, TensorSpec, read_specs, write_checkpoint


def _tensors() -> dict[str, torch.Tensor]:
    return {
        "a": torch.arange(6.0).reshape(2, 3),
        "b": torch.tensor(3.5, dtype=torch.bfloat16),
        "c": torch.arange(5),
        "empty": torch.zeros(0, 4),
        "transposed": torch.arange(6.0).reshape(2, 3).T,
    }


def _specs(tensors: dict[str, torch.Tensor]) -> dict[str, TensorSpec]:
    return {name: TensorSpec(tuple(tensor.shape), tensor.dtype) for name, tensor in tensors.items()}


def test_one_file_reads_back_equal(tmp_path: Path) -> None:
    tensors = _tensors()
    write_checkpoint(tmp_path, _specs(tensors), tensors.items())
    loaded = load_file(tmp_path / "model.safetensors")
    assert loaded.keys() == tensors.keys()
    assert all(
        torch.equal(loaded[name], tensors[name]) and loaded[name].dtype == tensors[name].dtype for name in tensors
    )
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]


def test_shards_hold_at_most_what_they_should_and_the_index_finds_all(tmp_path: Path) -> None:
    tensors = {f"t{i}": torch.full((10,), float(i)) for i in range(7)} | {"large": torch.zeros(100)}
    write_checkpoint(tmp_path, _specs(tensors), tensors.items(), max_shard_bytes=100)
    index = json.loads((tmp_path / "model.safetensors.index.json").read_text())
    assert index["metadata"] == {"total_parameters": 170, "total_size": 680}
    for name, file in index["weight_map"].items():
        specs = read_specs(tmp_path / file)
        assert torch.equal(specs[name].read(), tensors[name])
        assert sum(spec.bytes for spec in specs.values()) <= 100 or list(specs) == ["large"]


def test_the_header_is_read_once_and_no_map_stays_open(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    tensors = {name: tensor.contiguous() for name, tensor in _tensors().items()}
    save_file(tensors, path)
    specs = read_specs(path)
    with path.open("r+b") as file:
        file.write(b"\xff" * min(spec.start for spec in specs.values()))
    values = {name: spec.read() for name, spec in specs.items()}
    assert all(torch.equal(values[name], tensor) for name, tensor in tensors.items())
    assert str(path) not in Path("/proc/self/maps").read_text()


@pytest.mark.parametrize("dtype", [dtype for dtype in DTYPES.values() if dtype.is_floating_point])
def test_types_are_changed_on_the_way(tmp_path: Path, dtype: torch.dtype) -> None:
    write_checkpoint(tmp_path, {"a": TensorSpec((4,), dtype)}, [("a", torch.tensor([0.0, 1.0, -2.0, 0.5]))])
    loaded = load_file(tmp_path / "model.safetensors")["a"]
    assert loaded.dtype == dtype and loaded.float().tolist() == [0.0, 1.0, -2.0, 0.5]


@pytest.mark.parametrize(
    ("arrive", "message"),
    [
        ([("b", torch.zeros(2))], "expected a .* got b"),
        ([("a", torch.zeros(3))], r"shape \[2\], got a of shape \[3\]"),
        ([], "got nothing"),
        ([("a", torch.zeros(2)), ("b", torch.zeros(2))], "b was not announced"),
    ],
)
def test_what_was_not_announced_is_refused(tmp_path: Path, arrive, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        write_checkpoint(tmp_path, {"a": TensorSpec((2,), torch.float32)}, arrive)


def test_a_file_cut_short_is_named(tmp_path: Path) -> None:
    save_file({"a": torch.zeros(100)}, tmp_path / "x.safetensors")
    (tmp_path / "x.safetensors").write_bytes((tmp_path / "x.safetensors").read_bytes()[:-4])
    with pytest.raises(ValueError, match=r"x\.safetensors is cut short"):
        read_specs(tmp_path / "x.safetensors")
    with pytest.raises(FileNotFoundError, match=r"y\.safetensors is missing"):
        read_specs(tmp_path / "y.safetensors")


def test_a_type_that_torch_lacks_is_named(tmp_path: Path) -> None:
    header = json.dumps({"a": {"dtype": "F8_E8M0", "shape": [1], "data_offsets": [0, 1]}}).encode()
    (tmp_path / "x.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + b"\0")
    with pytest.raises(ValueError, match=r"x\.safetensors holds a as F8_E8M0; only .*BF16.* are supported"):
        read_specs(tmp_path / "x.safetensors")
