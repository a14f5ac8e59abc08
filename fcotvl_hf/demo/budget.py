"""How much the demo does: numbers of pages and steps, so that the same seed gives the same figures everywhere."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Budget:
    """Sizes of one demo.

    Args:
        rows_per_task: fresh pages of each of the four tasks that every model answers.
        distill_steps: re-alignment steps of a live model, 32 pages each.
        sft_steps: post-training steps of a live model, 48 pages each.
        controls: train the live controls as well.
        examples: pages per task that the report shows.
    """

    rows_per_task: int
    distill_steps: int
    sft_steps: int
    controls: bool
    examples: int = 2


FULL = Budget(rows_per_task=64, distill_steps=40, sft_steps=16, controls=True)
QUICK = Budget(rows_per_task=16, distill_steps=8, sft_steps=4, controls=False)
