"""What a teacher cut to its k likeliest tokens loses: of the divergence, and of its gradient.

    python benchmarks/teacher_top_k.py                            # the table of docs/training/realignment.md
    python benchmarks/teacher_top_k.py --student runs/distill-50 --pages 32

The same pages are given to an untrained student and to a trained one, with the whole vocabulary and with
``--teacher_top_k``. A divergence can only get smaller; the gradient is that of compressor and projector, and what is
off is the length of the difference beside the length of the whole one.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence

import torch

from fcotvl_hf.conversion.student import build_student
from fcotvl_hf.hub.models import load_model
from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLProcessor
from fcotvl_hf.training.data import ocr_pages
from fcotvl_hf.training.distillation_config import FCoTDistillationConfig
from fcotvl_hf.training.distillation_trainer import FCoTDistillationTrainer

TASKS = ("recognition", "table", "chart", "lookup")


def main(argv: Sequence[str] | None = None) -> None:
    """Print the table.

    Args:
        argv: arguments; ``sys.argv``'s by default.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--teacher", default="tiny", help="a model of stride 1 (default: %(default)s)")
    parser.add_argument("--student", default="tiny-50", help="a trained student of it (default: %(default)s)")
    parser.add_argument("--top-k", type=int, nargs="+", default=[1, 4, 16, 64], help="default: 1 4 16 64")
    parser.add_argument("--pages", type=int, default=8, help="pages of the OCR mix (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the pages (default: %(default)s)")
    args = parser.parse_args(argv)
    teacher, _ = load_model(args.teacher, torch.float32, "cpu")
    trained, processor = load_model(args.student, torch.float32, "cpu")
    untrained = build_student(teacher, trained.config.compressor_type, trained.config.compressor_stride)
    columns = []
    for name, student in (("untrained", untrained), (args.student, trained)):
        print(f"{name} …", file=sys.stderr)
        whole, *cut = (divergence(student, processor, teacher, k, args.pages, args.seed) for k in (None, *args.top_k))
        columns.append([lost(whole, each) for each in cut])
        tokens = whole[2]
    print(f"{args.pages} pages, {tokens} response tokens\n")
    print(table(args.top_k, ["untrained student", f"`{args.student}`"], columns))


def divergence(
    student: FCoTVLForConditionalGeneration,
    processor: FCoTVLProcessor,
    teacher: FCoTVLForConditionalGeneration,
    top_k: int | None,
    pages: int,
    seed: int,
) -> tuple[float, torch.Tensor, int]:
    """Divergence from the teacher over some pages, per response token.

    Args:
        student: the model that would learn; it is not changed.
        processor: its processor.
        teacher: a whole model.
        top_k: tokens of the teacher that are kept; ``None`` for all.
        pages: how many.
        seed: of the pages.

    Returns:
        The divergence in nats, its gradient ``[parameters]``, and the number of response tokens.
    """
    rows = ocr_pages(TASKS, pages, seed)
    with tempfile.TemporaryDirectory() as folder:
        options = FCoTDistillationConfig(
            folder, ce_weight=0, teacher_top_k=top_k, use_cpu=True, bf16=False, disable_tqdm=True
        )
        trainer = FCoTDistillationTrainer(student, options, rows, teacher_model=teacher, processing_class=processor)
    model = trainer.model.eval()
    model.zero_grad()
    batch = trainer.data_collator([rows[index] for index in range(pages)])
    loss = trainer.compute_loss(model, dict(batch))
    loss.backward()
    gradient = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])
    return loss.item(), gradient, int((batch["labels"] != -100).sum())


def lost(whole: tuple[float, torch.Tensor, int], cut: tuple[float, torch.Tensor, int]) -> tuple[float, float]:
    """Shares of the divergence that is missing and of the gradient that is off.

    Args:
        whole: of ``divergence`` with all tokens.
        cut: with k of them.
    """
    return 1 - cut[0] / whole[0], float((cut[1] - whole[1]).norm() / whole[1].norm())


def table(top_k: Sequence[int], students: Sequence[str], columns: Sequence[Sequence[tuple[float, float]]]) -> str:
    """The figures in Markdown.

    Args:
        top_k: one row each.
        students: what they are called.
        columns: of each student, ``lost`` of each k.
    """
    headings = [f"{what}: {name}" for what in ("divergence lost", "gradient off") for name in students]
    lines = [f"| k | {' | '.join(headings)} |", "| ---: |" + " ---: |" * len(headings)]
    for row, k in enumerate(top_k):
        figures = [column[row][part] for part in (0, 1) for column in columns]
        lines.append(f"| {k} | {' | '.join(f'{100 * figure:.2g} %' for figure in figures)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
