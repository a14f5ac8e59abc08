"""A checkpoint of InternVL2-2B's true shape is converted, and made a student, in little memory."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from fcotvl_hf.conversion.checkpoint import open_checkpoint
from fcotvl_hf.io.tensors import TensorSpec, write_checkpoint

from .conftest import ORIGINALS

VISION = {"hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16}
TEXT = {
    "hidden_size": 2048,
    "intermediate_size": 8192,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "num_key_value_heads": 8,
    "vocab_size": 92553,
}
LIMIT = 1.5e9

MEASURE = """
import json, re, sys
from pathlib import Path

def peak():  # of this process alone; getrusage's counts what its parent had before
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])

bare = peak()
from fcotvl_hf.conversion.convert import convert
from fcotvl_hf.conversion.student import init_student
{"convert": convert, "init": init_student}[sys.argv[1]](sys.argv[2], Path(sys.argv[3]), **json.loads(sys.argv[4]))
print((peak() - bare) * 1024)
"""


def _shapes() -> Iterator[tuple[str, tuple[int, ...]]]:
    """Names and shapes of the original's tensors (https://huggingface.co/OpenGVLab/InternVL2-2B)."""
    v, f = VISION["hidden_size"], VISION["intermediate_size"]
    embeddings = "vision_model.embeddings"
    yield f"{embeddings}.class_embedding", (1, 1, v)
    yield f"{embeddings}.position_embedding", (1, 1025, v)
    yield f"{embeddings}.patch_embedding.weight", (v, 3, 14, 14)
    yield f"{embeddings}.patch_embedding.bias", (v,)
    for layer in range(VISION["num_hidden_layers"]):
        stem = f"vision_model.encoder.layers.{layer}"
        for name, out, into in (("attn.qkv", 3 * v, v), ("attn.proj", v, v), ("mlp.fc1", f, v), ("mlp.fc2", v, f)):
            yield f"{stem}.{name}.weight", (out, into)
            yield f"{stem}.{name}.bias", (out,)
        for name in ("norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias", "ls1", "ls2"):
            yield f"{stem}.{name}", (v,)
    d, m, vocabulary = TEXT["hidden_size"], TEXT["intermediate_size"], TEXT["vocab_size"]
    for name, shape in (("0", (4 * v,)), ("1", (d, 4 * v)), ("3", (d, d))):
        yield f"mlp1.{name}.weight", shape
        yield f"mlp1.{name}.bias", shape[:1]
    yield "language_model.model.tok_embeddings.weight", (vocabulary, d)
    for layer in range(TEXT["num_hidden_layers"]):
        stem = f"language_model.model.layers.{layer}"
        yield f"{stem}.attention.wqkv.weight", (2 * d, d)
        yield f"{stem}.attention.wo.weight", (d, d)
        yield f"{stem}.feed_forward.w1.weight", (m, d)
        yield f"{stem}.feed_forward.w3.weight", (m, d)
        yield f"{stem}.feed_forward.w2.weight", (d, m)
        yield f"{stem}.attention_norm.weight", (d,)
        yield f"{stem}.ffn_norm.weight", (d,)
    yield "language_model.model.norm.weight", (d,)
    yield "language_model.output.weight", (vocabulary, d)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("large")
    source = Path(shutil.copytree(ORIGINALS / "internlm2-gqa", folder / "source"))
    (source / "model.safetensors").unlink()
    config = json.loads((source / "config.json").read_text())
    config["force_image_size"] = 448
    config["vision_config"] |= VISION | {"image_size": 448}
    config["llm_config"] |= TEXT
    (source / "config.json").write_text(json.dumps(config))
    specs = {name: TensorSpec(shape, torch.bfloat16) for name, shape in _shapes()}
    values = ((name, torch.full(spec.shape, 0.5, dtype=torch.bfloat16)) for name, spec in specs.items())
    write_checkpoint(source, specs, values, max_shard_bytes=2_000_000_000)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def converted(large: Path) -> float:
    """The memory that the conversion of ``large/source`` to ``large/teacher`` took, in bytes."""
    return _memory("convert", large / "source", large / "teacher")


@pytest.mark.slow
def test_four_gigabytes_are_converted_within_one_and_a_half(large: Path, converted: float) -> None:
    shards = sorted((large / "source").glob("*.safetensors"))
    assert len(shards) > 2 and sum(shard.stat().st_size for shard in shards) > 4e9
    assert converted <= LIMIT
    written = json.loads((large / "teacher" / "config.json").read_text())
    assert written["image_seq_length"] == 256 and written["dtype"] == "bfloat16"


@pytest.mark.slow
def test_a_student_of_four_gigabytes_is_made_within_one_and_a_half(large: Path, converted: float) -> None:
    assert _memory("init", large / "teacher", large / "student", stride=2) <= LIMIT
    teacher, student = (
        {name: (spec.shape, spec.dtype) for name, spec in open_checkpoint(large / folder).specs.items()}
        for folder in ("teacher", "student")
    )
    assert student == teacher | {
        "model.compressor.weight": ((4096, 4096, 2), torch.bfloat16),
        "model.compressor.bias": ((4096,), torch.bfloat16),
    }


def _memory(command: str, source: Path, out: Path, **options: int) -> float:
    """Bytes that a command takes at its peak in a process of its own."""
    argv = [sys.executable, "-c", MEASURE, command, str(source), str(out), json.dumps(options)]
    return float(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)
