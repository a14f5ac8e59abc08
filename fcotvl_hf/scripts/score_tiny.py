"""Score the packaged tiny models, and others beside them; the figures of the README and of the cards come from here.

    python -m fcotvl_hf.scripts.score_tiny \
        --beside "teacher + same SFT=runs/tiny/control-teacher/merged"
"""

import argparse
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def make_parser() -> argparse.ArgumentParser:
    """The options of the script."""
    parser = argparse.ArgumentParser(
        prog="score_tiny", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", nargs="+", default=["tiny", "tiny-50", "tiny-75"], help="the teacher first")
    parser.add_argument("--beside", nargs="*", default=[], metavar="NAME=FOLDER", help="controls to score as well")
    parser.add_argument("--per-task", type=int, default=128, help="pages of each task in each set")
    parser.add_argument("--seed", type=int, default=0, help="of the pages")
    parser.add_argument(
        "--assets",
        type=Path,
        default=Path("fcotvl_hf/assets"),
        help="gets scores.json, and a card in each folder",
    )
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Ask every model everything and write the figures."""
    args = make_parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")

    from rich.console import Console
    from rich.markdown import Markdown

    from fcotvl_hf.baselines import mean_pooling, random_drop, smaller_tiles
    from fcotvl_hf.hub.models import load_model
    from fcotvl_hf.io.atomic import atomic_write
    from fcotvl_hf.tiny.cards import results_table, sets_table, write_cards
    from fcotvl_hf.tiny.scores import ask_all, build_exam, figures

    exam = build_exam(args.per_task, args.seed)
    folders = {name: name for name in args.models} | dict(pair.split("=", 1) for pair in args.beside)
    teacher: dict[str, Any] = {}
    models: dict[str, Any] = {}
    for name, folder in folders.items():
        model, processor = load_model(folder)
        results = {part: ask_all(model, processor, rows) for part, rows in exam.items()}
        teacher = teacher or results
        against = teacher | {"shuffled": teacher["fresh"]}
        models[name] = {part: figures(answers, against[part]) for part, answers in results.items()}
        logging.info("%s: %.3f", name, models[name]["fresh"]["score"])
    model, processor = load_model(args.models[0])
    fresh = exam["fresh"]
    for stride in (2, 4):
        for name, reduced in {
            "mean pooling 1-D": mean_pooling(model, processor, stride, "row"),
            "mean pooling 2-D": mean_pooling(model, processor, stride, "square"),
            "random drop": random_drop(model, processor, stride),
            "smaller tiles": smaller_tiles(model, processor, fresh, stride),
        }.items():
            models[f"{name}, stride {stride}"] = {"fresh": figures(ask_all(*reduced, fresh), teacher["fresh"])}
    settings = {"per_task": args.per_task, "seed": args.seed}
    scores = {"settings": settings, "models": models}
    atomic_write(args.assets / "scores.json", json.dumps(scores, indent=1) + "\n")
    write_cards(args.assets, scores)
    Console().print(Markdown(f"{results_table(scores)}\n\n{sets_table(scores)}"))


if __name__ == "__main__":
    main()
