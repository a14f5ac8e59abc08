"""What both trainers add to TRL's ``SFTTrainer``: a checked processor, ``log.jsonl``, ``loss.png``, an honest card."""

from pathlib import Path
from typing import Any

from transformers import PrinterCallback, ProgressCallback
from trl import SFTTrainer

from fcotvl_hf.hub.cards import checkpoint_card
from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLProcessor

from .base_config import FCoTConfig
from .callbacks import LossPlot, ProgressBar, StepLog


class FCoTTrainer(SFTTrainer):
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
        if args.compile_towers:
            for tower in (self.model.model.vision_tower, self.model.model.language_model):
                tower.compile(dynamic=True)
        self.remove_callback(ProgressCallback)
        self.remove_callback(PrinterCallback)
        if not args.disable_tqdm:
            self.add_callback(ProgressBar)
        log = Path(args.output_dir) / "log.jsonl"
        self.add_callback(StepLog(log))
        self.add_callback(LossPlot(log))

    def create_model_card(  # type: ignore[override]  # TRL's signature, not the Trainer's
        self, model_name: str | None = None, dataset_name: str | None = None, tags: str | list[str] | None = None
    ) -> None:
        """Write ``README.md`` into the output folder: what was trained, on what, and that nothing was measured.

        Args:
            model_name: title of the card; the folder's name by default.
            dataset_name: Hub id of the training data.
            tags: tags beside the trainer's own.
        """
        if not self.is_world_process_zero():
            return
        extra = [tags] if isinstance(tags, str) else list(tags or [])
        card = checkpoint_card(
            self.model.config,
            name=model_name or Path(self.args.output_dir).name,
            stage=self._name,
            steps=self.state.global_step,
            tags=[*self._tag_names, *extra],
            datasets=[dataset_name] if dataset_name else [],
            settings={
                "learning rate": self.args.learning_rate,
                "batch size": self.args.train_batch_size * self.args.gradient_accumulation_steps * self.args.world_size,
                "seed": self.args.seed,
            },
        )
        card.save(Path(self.args.output_dir) / "README.md")
