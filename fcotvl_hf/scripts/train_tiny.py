"""Make the packaged tiny models from nothing, stage by stage; called again, it goes on where it stopped.

    python -m fcotvl_hf.scripts.train_tiny --out runs/tiny

On two CPU cores the teacher takes about two hours.
"""

import argparse
import logging
import os
from collections.abc import Sequence
from pathlib import Path


def make_parser() -> argparse.ArgumentParser:
    """The options of the script."""
    parser = argparse.ArgumentParser(prog="train_tiny", description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("runs/tiny"), help="folder for checkpoints and logs")
    parser.add_argument("--seed", type=int, default=1, help="seed of weights and pages")
    parser.add_argument("--stages", nargs="+", default=["perceive"], choices=["perceive"], help="what to run, in order")
    parser.add_argument("--perceive-steps", type=int, default=1800, help="batches of 64 one-tile pages")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the chosen stages."""
    args = make_parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    os.environ.setdefault("GOMP_SPINCOUNT", "0")

    import torch

    from fcotvl_hf.tiny.architecture import build_config, build_model, build_processor
    from fcotvl_hf.tiny.loop import Schedule
    from fcotvl_hf.tiny.perceive import perceive

    torch.set_num_threads(args.threads)
    processor = build_processor()
    model = build_model(build_config(processor.tokenizer), args.seed)
    schedule = Schedule(steps=args.perceive_steps, batch_size=64, peak_lr=2e-3)
    perceive(model, args.out / "perceive", schedule, args.seed * 1_000_000_000)


if __name__ == "__main__":
    main()
