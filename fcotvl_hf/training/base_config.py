"""Defaults of TRL's ``SFTConfig`` that do not suit image-text training, changed once for both trainers."""

from dataclasses import dataclass, field

import torch
from transformers.utils import is_torch_bf16_gpu_available
from trl import SFTConfig


@dataclass
class FCoTConfig(SFTConfig):
    """What both trainers share; every option of TRL's ``SFTConfig`` works as well.

    Raises:
        ValueError: ``max_length`` is set: truncation would cut image placeholders; or another option is out of range.
    """

    output_dir: str = field(default="runs/training", metadata={"help": "Where checkpoints, log and model go."})
    max_length: int | None = field(
        default=None,
        metadata={"help": "Must stay unset: truncation would cut image placeholders. Filter long samples beforehand."},
    )
    assistant_only_loss: bool = field(
        default=True, metadata={"help": "Compute the loss on the assistant's answers only."}
    )
    logging_steps: float = field(
        default=1, metadata={"help": "Log every X optimizer steps; log.jsonl gets one line each time."}
    )
    bf16: bool | None = field(  # type: ignore[assignment]  # as TRL has it
        default=None,
        metadata={"help": "Mixed precision in bfloat16. Default: where the accelerator has it, never on CPU."},
    )
    activation_checkpointing: bool | None = field(
        default=None, metadata={"help": "Recompute activations in the backward pass to save memory. Default: True."}
    )
    drop_path: float = field(
        default=0.0,
        metadata={
            "help": "Drop path of the last ViT layer, rising from 0 in the first. In re-alignment teacher and student "
            "share the ViT, so it would also put noise into the teacher's targets."
        },
    )
    context_length: int | None = field(
        default=None,
        metadata={
            "help": "Tokens of a row at most, visual ones included. Longer rows are skipped and counted, never cut."
        },
    )
    max_bad_rows: int = field(
        default=100,
        metadata={
            "help": "Rows that may be skipped (corrupt image, malformed, too long) since training was started or "
            "resumed; one more ends the run. skipped.jsonl names them."
        },
    )
    merge_pool: int = field(
        default=0,
        metadata={"help": "Save this many checkpoints at even distances, for fcotvl merge; none of them is deleted."},
    )
    merge_pool_start: float = field(
        default=0.5,
        metadata={"help": "Share of the run that has passed before merge_pool's equal parts begin."},
    )
    compile_towers: bool = field(
        default=False,
        metadata={
            "help": "Compile vision tower and language model (torch.compile for any length): minutes once, then faster "
            "steps. Pays from some hundred steps on, on CPUs most."
        },
    )
    remove_unused_columns: bool = field(
        default=False, metadata={"help": "Drop columns that training does not read; pages drawn on the fly need False."}
    )
    disable_tqdm: bool | None = field(default=False, metadata={"help": "Show no progress bar."})
    dataloader_num_workers: int = field(
        default=1, metadata={"help": "Processes that load, tile and tokenize batches; 0 does it in the main process."}
    )

    def __post_init__(self) -> None:
        if self.max_length is not None:
            raise ValueError("max_length would cut image placeholders; leave it unset and filter long samples instead")
        if min(self.per_device_train_batch_size, self.gradient_accumulation_steps) < 1:
            raise ValueError("per_device_train_batch_size and gradient_accumulation_steps must be at least 1")
        if not 0 <= self.drop_path < 1:
            raise ValueError(f"drop_path must be at least 0 and less than 1, not {self.drop_path}")
        if self.merge_pool < 0 or self.max_bad_rows < 0:
            raise ValueError("merge_pool and max_bad_rows must not be negative")
        if not 0 <= self.merge_pool_start < 1:
            raise ValueError(f"merge_pool_start must be at least 0 and less than 1, not {self.merge_pool_start}")
        if self.context_length is not None and self.context_length < 1:
            raise ValueError(f"context_length must be positive, not {self.context_length}")
        if self.activation_checkpointing is None:  # TRL still sets the old name, which transformers warns about
            self.activation_checkpointing = self.gradient_checkpointing
        self.gradient_checkpointing = self.activation_checkpointing  # transformers 5.19 knows only this name
        if not torch.accelerator.is_available():
            self.use_cpu = True  # bf16 on a CPU is refused unless this says so
        if self.bf16 is None:
            self.bf16 = not self.fp16 and not self.use_cpu and is_torch_bf16_gpu_available()
        super().__post_init__()
        self.dataloader_pin_memory = self.dataloader_pin_memory and self.device.type != "cpu"
