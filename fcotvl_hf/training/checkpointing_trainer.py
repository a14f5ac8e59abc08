"""A trainer whose checkpoints get their names when they are whole: see ``checkpoints``."""

import shutil
from pathlib import Path
from typing import Any

from torch import nn
from trl import SFTTrainer

from .base_config import FCoTConfig
from .checkpoints import remove_old, remove_unfinished, unfinished_name


class CheckpointingTrainer(SFTTrainer):
    """TRL's ``SFTTrainer``, but a full disk or a kill while saving leaves earlier checkpoints as they were."""

    args: FCoTConfig
    unfinished_checkpoint: Path | None = None
    """Where a checkpoint is being written, with the name it will have as the last part; else ``None``."""

    def save_state_of_subclass(self, folder: Path) -> None:
        """Write what a trainer needs beyond the Trainer's own state into a checkpoint; every process calls this.

        Args:
            folder: the checkpoint.
        """

    def steps_to_keep(self) -> list[int]:
        """Steps whose checkpoints stay, whatever ``save_total_limit`` says."""
        best = self.state.best_global_step
        return [] if best is None else [best]

    def _get_output_dir(self, trial: Any) -> str:
        unfinished = self.unfinished_checkpoint
        return super()._get_output_dir(trial) if unfinished is None else str(unfinished.parent)

    def _push_from_checkpoint(self, checkpoint_folder: str) -> None:
        if self.unfinished_checkpoint is None:  # else it is pushed when it has its name
            super()._push_from_checkpoint(checkpoint_folder)

    def _save_checkpoint(self, model: nn.Module, trial: Any) -> None:
        """Write a checkpoint under a temporary name and rename it when it is whole.

        Raises:
            OSError: it could not be written; earlier checkpoints are as they were.
        """
        folder, step = Path(self.args.output_dir), self.state.global_step
        final = folder / f"checkpoint-{step}"
        written = folder / unfinished_name(step) / final.name
        self.unfinished_checkpoint = written
        try:
            super()._save_checkpoint(model, trial)
            self.save_state_of_subclass(written)
            self._rename_best(written, final)
        except Exception as error:
            remove_unfinished(folder)
            raise OSError(f"{final.name} could not be saved, earlier ones are as they were: {error}") from error
        finally:
            self.unfinished_checkpoint = None
        self.accelerator.wait_for_everyone()
        if self.args.should_save:
            if final.exists():  # cut off while an earlier version of this code wrote it in place
                shutil.rmtree(final)
            written.rename(final)
            remove_unfinished(folder)
            remove_old(folder, self.args.save_total_limit, self.steps_to_keep())
        self.accelerator.wait_for_everyone()
        if self.args.push_to_hub:
            self._push_from_checkpoint(str(final))

    def _rename_best(self, written: Path, final: Path) -> None:
        """Let the state name the checkpoint as it will be called."""
        if self.args.should_save and self.state.best_model_checkpoint == str(written):
            self.state.best_model_checkpoint = str(final)
            self.state.save_to_json(str(written / "trainer_state.json"))
