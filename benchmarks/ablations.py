"""The paper's ablations of the re-alignment on the tiny model: Table 2, Table 3, Figure 4, and some that it lacks.

    python benchmarks/ablations.py --out runs/ablations                    # everything; hours on two CPU cores
    python benchmarks/ablations.py --out runs/ablations --studies strides  # one of them

compressors: each compressor at 50 %, re-aligned and post-trained briefly (Table 3; the losses are Figure 4) ·
strides: 50 % and 75 %, re-aligned only (Table 2) · cross-entropy: re-aligned with it, and by the divergence alone ·
re-alignment: post-trained with it and without · position: the convolution before the projector, and after it ·
controls: the same post-training for the teacher itself and for plain mean pooling, which tells what the data gives and
what compression costs · tasks: re-aligned by reading, and by answering questions · sampling: post-trained with and
without post-training sampling · chains: the teacher post-trained on questions to think about, with bare answers and
with chains of thought. Called again, the script goes on where it was stopped; runs that studies share are made once.
Each study writes the losses as a picture; ``ablations.json`` holds scores and losses. ``make results`` runs the same
studies, see ``fcotvl_hf/tiny/studies.py``.
"""

import argparse
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fcotvl_hf.io.atomic import atomic_write
from fcotvl_hf.results.studies import loss_curves, thinned
from fcotvl_hf.tiny.laboratory import Budget, Laboratory, run_studies
from fcotvl_hf.tiny.studies import STUDIES


def main(argv: Sequence[str] | None = None) -> None:
    """Run studies, write ``ablations.json`` and a picture each, print a table.

    Args:
        argv: arguments; ``sys.argv``'s by default.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for runs and results")
    parser.add_argument("--teacher", default="tiny", help="packaged name or folder of the teacher (default: tiny)")
    parser.add_argument("--studies", nargs="+", choices=STUDIES, default=list(STUDIES), help="default: all")
    parser.add_argument("--distill-steps", type=int, default=300, help="steps of a re-alignment (default: 300)")
    parser.add_argument("--sft-steps", type=int, default=100, help="steps of a post-training (default: 100)")
    parser.add_argument("--per-task", type=int, default=64, help="pages of each task to score on (default: 64)")
    args, extra = parser.parse_known_args(argv)
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    logging.getLogger("fcotvl_hf").setLevel(logging.INFO)
    budget = Budget(args.distill_steps, args.sft_steps, args.per_task, tuple(extra))
    laboratory = Laboratory(args.teacher, args.out, budget)
    if not laboratory.claim():
        parser.error(f"{args.out} holds runs with other settings; give another --out")
    results: Mapping[str, list[dict[str, Any]]] = {}
    for name, results in run_studies(args.studies, laboratory):
        curve = STUDIES[name].curve
        drawn = [{"label": record["label"], "losses": thinned(record["losses"], curve)} for record in results[name]]
        atomic_write(args.out / f"{name}.svg", loss_curves(drawn, curve))
    print(table({name: results[name] for name in args.studies}))


def table(results: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Scores of all studies as text."""
    lines = [f"{'study':14} {'variant':13} {'tokens':>7} {'score':>6} {'kept':>7}  difference to the teacher, 95 %"]
    for study, records in results.items():
        for record in records:
            low, high = record["difference"]
            figures_of = f"{record['tokens_per_image']:7.1f} {record['score']:6.3f} {record['retention']:7.1%}"
            lines.append(f"{study:14} {record['label']:13} {figures_of}  {low:+.3f} … {high:+.3f}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
