"""What both trainers add to TRL's ``SFTTrainer``: a checked processor, drop path, rows that may be skipped, an end at
the first loss that is no number, ``log.jsonl``, ``loss.png``, an honest card; whole checkpoints are its parent's.
"""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from accelerate.utils import gather_object
from peft import PeftModel
from torch import nn
from torch.utils.data import DataLoader, IterableDataset
from transformers import PrinterCallback, ProgressCallback

from fcotvl_hf.io.atomic import atomic_write
from fcotvl_hf.io.jsonl import append_json_lines
from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLProcessor

from .base_config import FCoTConfig
from .callbacks import LossPlot, MergePool, ProgressBar, StepLog
from .card import run_card
from .checkpointing_trainer import CheckpointingTrainer
from .data import describe_rows
from .drop_path import add_drop_path
from .skipping import ROW_OF, ROWS, BatchRows, ReadableRows, SkippingCollator
from .throughput import Throughput


class FCoTTrainer(CheckpointingTrainer):
    """Common base of the distillation and the SFT trainer.

    Args:
        model: an ``FCoTVLForConditionalGeneration``, a folder or a Hub id.
        args: options of the run.
        train_dataset: rows with ``images`` and ``messages``; any map-style or TRL-compatible dataset.
        **kwargs: everything else that ``trl.SFTTrainer`` takes.

    Raises:
        ValueError: the processor does not write as many placeholders per tile as the model emits visual tokens.
    """

    args: FCoTConfig
    model: FCoTVLForConditionalGeneration
    processing_class: FCoTVLProcessor

    def __init__(self, model: Any, args: FCoTConfig, train_dataset: Any, **kwargs: Any) -> None:
        super().__init__(model=model, args=args, train_dataset=train_dataset, **kwargs)
        config = self.model.config
        self.processing_class.check_against(config)
        unwrapped: Any = self.model.get_base_model() if isinstance(self.model, PeftModel) else self.model
        core = unwrapped.model
        add_drop_path(core.vision_tower, args.drop_path)  # before compilation, which traces the hooks
        if args.compile_towers:
            for tower in (core.vision_tower, core.language_model):
                tower.compile(dynamic=True)
        self.data_collator = SkippingCollator(self.data_collator, args.context_length)
        self._throughput = Throughput(config.image_token_id)
        self._batch = BatchRows([], [], [])  # the rows of the micro-batch that is trained on
        self._row_of = torch.arange(0)
        self._step_rows: list[str] = []  # ids of the rows of all micro-batches of the step
        self._skipped: list[tuple[str, str]] = []  # since the last log line, of this process
        self._skipped_in_all = 0  # up to the last log line, of all processes
        self._add_callbacks()

    def _add_callbacks(self) -> None:
        self.remove_callback(ProgressCallback)
        self.remove_callback(PrinterCallback)
        if not self.args.disable_tqdm:
            self.add_callback(ProgressBar)
        log = Path(self.args.output_dir) / "log.jsonl"
        self.add_callback(StepLog(log))
        self.add_callback(LossPlot(log))
        self._pool = MergePool(self.args.merge_pool, self.args.merge_pool_start)
        self.add_callback(self._pool)

    # Rows

    def _set_signature_columns_if_needed(self) -> None:
        super()._set_signature_columns_if_needed()
        columns: Any = self._signature_columns
        self._signature_columns = columns + [name for name in ("id", "source") if name not in columns]

    def _get_dataloader(self, dataset: Any, *args: Any, **kwargs: Any) -> DataLoader[Any]:
        samples = self._samples(dataset, is_training=kwargs.get("is_training", False))
        return super()._get_dataloader(samples, *args, **kwargs)

    def _samples(self, rows: Any, is_training: bool) -> Any:
        """What a loader takes its samples from, given the rows."""
        return rows if isinstance(rows, IterableDataset) else ReadableRows(rows)

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        return super()._get_train_sampler(self.train_dataset)  # which has the columns that ReadableRows hides

    def get_batch_samples(
        self, epoch_iterator: Iterator[Any], num_batches: int, device: torch.device
    ) -> tuple[list[Any], torch.Tensor | int | None]:
        """Take the micro-batches of one optimizer step, and count what is in them."""
        batches, items = super().get_batch_samples(epoch_iterator, num_batches, device)
        for batch in batches:
            self._throughput.add(batch)
        self._step_rows = [row for batch in batches for row in batch[ROWS].ids]
        return batches, items

    def _prepare_inputs(self, inputs: dict[str, Any]) -> dict[str, Any]:
        self._batch, self._row_of = inputs.pop(ROWS), inputs.pop(ROW_OF)  # the model does not know them
        self._skipped += self._batch.skipped
        return super()._prepare_inputs(inputs)

    # Steps

    def training_step(self, model: nn.Module, inputs: dict[str, Any], *args: Any, **kwargs: Any) -> torch.Tensor:
        """Train on a micro-batch.

        Raises:
            FloatingPointError: its loss is no finite number; ``OUTPUT_DIR/nonfinite-PROCESS.json`` names the rows.
        """
        loss = super().training_step(model, inputs, *args, **kwargs)
        if not torch.isfinite(loss):
            raise self._nonfinite("loss", loss.item(), self._batch.ids)
        return loss

    def _nonfinite(self, name: str, value: float, rows: list[str]) -> FloatingPointError:
        step, process = self.state.global_step, self.args.process_index
        file = Path(self.args.output_dir) / f"nonfinite-{process}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        found = {"step": step, name: str(value), "process": process, "rows": rows}
        atomic_write(file, json.dumps(found) + "\n")
        return FloatingPointError(f"the {name} is {value} after step {step}; {file} names the rows of the batch")

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Log what TRL does, and for steps of training the throughput and the rows skipped since the last time.

        Raises:
            FloatingPointError: the gradient is no finite number.
            ValueError: more rows than ``max_bad_rows`` have been skipped.
        """
        if "loss" in logs:
            if not self.args.fp16 and not math.isfinite(logs.get("grad_norm", 0.0)):  # fp16's scaler skips such steps
                raise self._nonfinite("gradient's norm", logs["grad_norm"], self._step_rows)
            logs |= self._throughput.rates(self.accelerator)
            self._report_skipped(logs)
        super().log(logs, start_time)

    def _report_skipped(self, logs: dict[str, float]) -> None:
        skipped = gather_object(self._skipped)
        self._skipped = []
        if not skipped:
            return
        self._skipped_in_all += len(skipped)
        logs["skipped_rows"] = len(skipped)
        file = Path(self.args.output_dir) / "skipped.jsonl"
        if self.is_world_process_zero():
            step = self.state.global_step
            append_json_lines(file, ({"step": step, "row": row, "reason": reason} for row, reason in skipped))
        if self._skipped_in_all > self.args.max_bad_rows:
            row, reason = skipped[-1]
            raise ValueError(
                f"{self._skipped_in_all} rows could not be used, more than max_bad_rows {self.args.max_bad_rows}; "
                f"{file} names them; the last is {row}: {reason}"
            )

    def steps_to_keep(self) -> list[int]:
        return [*super().steps_to_keep(), *self._pool.steps]

    def create_model_card(  # type: ignore[override]  # TRL's signature, not the Trainer's
        self, model_name: str | None = None, dataset_name: str | None = None, tags: str | list[str] | None = None
    ) -> None:
        """Write ``README.md``: what was trained, on what, and that nothing was measured.

        It goes into the checkpoint that is being saved, after training into the output folder.

        Args:
            model_name: title of the card; the folder's name by default.
            dataset_name: Hub id of the training data.
            tags: tags beside the trainer's own.
        """
        if not self.is_world_process_zero():
            return
        extra = [tags] if isinstance(tags, str) else list(tags or [])
        card = run_card(
            self.model.config,
            self.args,
            name=model_name or Path(self.args.output_dir).name,
            stage=self._name,
            steps=self.state.global_step,
            data=describe_rows(self.train_dataset),
            tags=[*self._tag_names, *extra],
            datasets=[dataset_name] if dataset_name else [],
        )
        folder = self.unfinished_checkpoint or Path(self.args.output_dir)
        folder.mkdir(parents=True, exist_ok=True)
        atomic_write(folder / "README.md", str(card))
