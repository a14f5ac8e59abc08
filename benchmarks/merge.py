"""How fast checkpoints are averaged, and in how much memory: ours, everything loaded with torch, mergekit if installed.

    python benchmarks/merge.py --gigabytes 1 --checkpoints 5

Llama-shaped bfloat16 checkpoints of random numbers are written into a scratch folder. Each contender runs in a process
of its own with files in the page cache; time is wall clock from import to exit, memory the peak resident set.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

OURS = """
import sys
from fcotvl_hf.merging import average, merge_checkpoints
base, *checkpoints = sys.argv[2:]
merge_checkpoints(base, checkpoints, average(len(checkpoints)), sys.argv[1])
"""
TORCH = """
import os, sys
from safetensors.torch import load_file, save_file
loaded = [load_file(f"{folder}/model.safetensors") for folder in sys.argv[3:]]
merged = {}
for name, last in loaded[-1].items():
    merged[name] = (sum(each[name].float() for each in loaded) / len(loaded)).to(last.dtype)
os.mkdir(sys.argv[1])
save_file(merged, f"{sys.argv[1]}/model.safetensors")
"""
MERGEKIT = """
import sys, yaml
from pathlib import Path
from mergekit.config import MergeConfiguration
from mergekit.merge import MergeOptions, run_merge
models = [{"model": folder, "parameters": {"weight": 1.0}} for folder in sys.argv[3:]]
config = {"merge_method": "linear", "models": models, "dtype": "float32", "out_dtype": "bfloat16"}
run_merge(MergeConfiguration.model_validate(config), sys.argv[1], MergeOptions(copy_tokenizer=False))
"""


def main() -> None:
    """Write the checkpoints, run the contenders, print one JSON line for each."""
    args = make_parser().parse_args()
    contenders = {"fcotvl-hf": OURS, "torch": TORCH} | ({"mergekit": MERGEKIT} if find_spec("mergekit") else {})
    with tempfile.TemporaryDirectory(dir=args.scratch) as scratch:
        folders = [write_llama(Path(scratch) / str(i), args.gigabytes, seed=i) for i in range(args.checkpoints + 1)]
        for name, program in contenders.items():
            found = measure(program, [f"{scratch}/{name}", *map(str, folders)])
            sys.stdout.write(json.dumps({"contender": name, **found}) + "\n")
            sys.stdout.flush()


def make_parser() -> argparse.ArgumentParser:
    """The options of the script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=1.0, help="size of one checkpoint (default: %(default)s)")
    parser.add_argument("--checkpoints", type=int, default=5, help="how many are merged (default: %(default)s)")
    parser.add_argument("--scratch", type=Path, help="folder for them (default: the system's)")
    return parser


def write_llama(folder: Path, gigabytes: float, seed: int) -> Path:
    """Write one checkpoint of a Llama with as many layers as fill the size.

    Args:
        folder: to make.
        gigabytes: about what it takes.
        seed: of its numbers.
    """
    import torch
    from transformers import LlamaConfig

    from fcotvl_hf.io.tensors import TensorSpec, write_checkpoint

    width, hidden, vocabulary = 2048, 5632, 32000
    fixed, layer = 2 * vocabulary * width + width, 4 * width**2 + 3 * width * hidden + 2 * width
    layers = max(1, round((gigabytes * 1e9 / 2 - fixed) / layer))
    shapes = dict(_shapes(width, hidden, vocabulary, layers))
    specs = {name: TensorSpec(shape, torch.bfloat16) for name, shape in shapes.items()}
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(vocabulary * width, generator=generator).bfloat16()
    folder.mkdir()
    values = ((name, noise[: spec.bytes // 2].reshape(spec.shape)) for name, spec in specs.items())
    write_checkpoint(folder, specs, values)
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        intermediate_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=32,
        architectures=["LlamaForCausalLM"],
        dtype="bfloat16",
    )
    config.save_pretrained(folder)
    return folder


def _shapes(width: int, hidden: int, vocabulary: int, layers: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield "model.embed_tokens.weight", (vocabulary, width)
    for i in range(layers):
        for name in ("q_proj", "k_proj", "v_proj", "o_proj"):
            yield f"model.layers.{i}.self_attn.{name}.weight", (width, width)
        for name, shape in (("gate", (hidden, width)), ("up", (hidden, width)), ("down", (width, hidden))):
            yield f"model.layers.{i}.mlp.{name}_proj.weight", shape
        for name in ("input_layernorm", "post_attention_layernorm"):
            yield f"model.layers.{i}.{name}.weight", (width,)
    yield "model.norm.weight", (width,)
    yield "lm_head.weight", (vocabulary, width)


def measure(program: str, arguments: list[str]) -> dict[str, float]:
    """Seconds and peak resident memory of a program.

    Args:
        program: Python source.
        arguments: its ``sys.argv[1:]``.
    """
    started = time.monotonic()
    process = subprocess.Popen([sys.executable, "-c", program, *arguments])
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"a contender failed: {program.strip().splitlines()[-1]}")
    return {
        "seconds": round(time.monotonic() - started, 1),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_gigabytes": round(usage.ru_maxrss * 1024 / 1e9, 2),
    }


if __name__ == "__main__":
    main()
