"""A trainer that logs the loss of each data set and can draw them by it: see ``loss_sampling`` for the rule."""

import json
from pathlib import Path
from typing import Any

from torch import nn
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from fcotvl_hf.io.atomic import atomic_write

from .base_trainer import FCoTTrainer
from .checkpoints import last_checkpoint
from .data import sources_of
from .loss_sampling import sampling_probabilities
from .sampling_config import SamplingConfig
from .source_losses import SourceLosses, means
from .source_sampler import SourceSampler

STATE = "sampling_state.json"
"""File in a checkpoint: losses of the epoch so far, probabilities, earlier rounds."""


class SamplingTrainer(FCoTTrainer):
    """A trainer that logs ``loss/<source>`` and draws rows by the probabilities of their sources if asked.

    Args:
        model: an ``FCoTVLForConditionalGeneration``, a folder or a Hub id.
        args: options of the run.
        train_dataset: rows with ``images`` and ``messages``, and ``source`` to tell the data sets apart.
        **kwargs: everything else that ``trl.SFTTrainer`` takes.

    Raises:
        ValueError: sampling is asked for and the rows do not say where they come from, or come from elsewhere.
        FileNotFoundError: sampling is auto, and no coarse run has written its file.
    """

    args: SamplingConfig

    def __init__(self, model: Any, args: SamplingConfig, train_dataset: Any, **kwargs: Any) -> None:
        self._sampler = build_sampler(args, train_dataset) if args.draws_by_source else None
        super().__init__(model, args, train_dataset, **kwargs)
        self._losses = SourceLosses()
        self._epoch = 0  # whose losses are being added up
        self._rounds: list[dict[str, Any]] = []
        self.model.register_forward_hook(self._note_losses)
        self.add_callback(_EpochBegin(self))

    def mean_losses(self) -> dict[str, float]:
        """Source → mean loss of this epoch so far; every process must call it."""
        self._losses.gather()
        return means(self._losses.epoch)

    def begin_epoch(self, epoch: int) -> None:
        """Let the sampler draw an epoch, with new probabilities if another one has ended; every process calls it."""
        if epoch > self._epoch:
            losses, self._losses.epoch, self._epoch = self.mean_losses(), {}, epoch
            if self.args.sampling_update and self._sampler is not None:
                self._sampler.set_probabilities(
                    sampling_probabilities(losses, self._sampler.rows, self.args.generation_sources)
                )
                self._rounds.append({"losses": losses, "probabilities": self._sampler.probabilities})
                if self.is_world_process_zero():
                    atomic_write(Path(self.args.output_dir) / "sampling_rounds.json", _json(self._rounds))
        if self._sampler is not None:
            self._sampler.set_epoch(epoch)

    def train(self, resume_from_checkpoint: str | bool | None = None, *args: Any, **kwargs: Any) -> Any:
        """Train; a resumed run goes on with the losses and probabilities of its checkpoint."""
        if resume_from_checkpoint is True:
            found = last_checkpoint(Path(self.args.output_dir))
            resume_from_checkpoint = None if found is None else str(found)
        if resume_from_checkpoint:
            self._load_sampling(Path(str(resume_from_checkpoint)) / STATE)
        return super().train(resume_from_checkpoint, *args, **kwargs)

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        if "loss" in logs:
            logs |= {f"loss/{source}": loss for source, loss in self._losses.take_logged().items()}
        super().log(logs, start_time)

    def save_state_of_subclass(self, folder: Path) -> None:
        self._losses.gather()
        state = {"epoch": self._epoch, "sums": self._losses.epoch, "rounds": self._rounds}
        if self.args.should_save:
            atomic_write(folder / STATE, _json(state))

    def _load_sampling(self, file: Path) -> None:
        state = json.loads(file.read_text(encoding="utf-8"))
        self._epoch, self._losses.epoch, self._rounds = state["epoch"], state["sums"], state["rounds"]
        if self._rounds and self._sampler is not None:
            self._sampler.set_probabilities(self._rounds[-1]["probabilities"])

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        return super()._get_train_sampler(train_dataset) if self._sampler is None else self._sampler

    def _note_losses(self, module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
        """Forward hook: TRL's fused head gives the log-probability of each token to predict."""
        if module.training and "log_probs" in output:
            losses, counted = -output.log_probs.detach(), output.label_mask
            self._losses.add(losses, counted, self._row_of.to(losses.device), self._batch.sources)


class _EpochBegin(TrainerCallback):
    def __init__(self, trainer: SamplingTrainer) -> None:
        self.trainer = trainer

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self.trainer.begin_epoch(int(state.epoch or 0))


def build_sampler(args: SamplingConfig, rows: Any) -> SourceSampler:
    """The sampler that a run starts with.

    Args:
        args: options of the run.
        rows: what it is trained on.

    Raises:
        ValueError: the rows do not say where they come from, or the file is for other data sets.
        FileNotFoundError: there is no file with probabilities.
    """
    sources = sources_of(rows)
    if sources is None:
        raise ValueError("sampling needs a data set, not a stream, with a column source")
    seed = args.seed if args.data_seed is None else args.data_seed
    if args.sampling == "uniform":
        return SourceSampler(sources, seed)
    if not args.sampling_file.is_file():
        raise FileNotFoundError(f"no probabilities at {args.sampling_file}; fcotvl sft --sampling auto makes them")
    try:
        return SourceSampler(sources, seed, json.loads(args.sampling_file.read_text(encoding="utf-8"))["probabilities"])
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError):
        raise ValueError(f"{args.sampling_file} holds no JSON object with probabilities") from None


def _json(value: Any) -> str:
    return json.dumps(value, indent=2) + "\n"
