"""Packing in the trainer: packs take the place of rows, everything else stays as it was."""

import logging
import math
from typing import Any

from torch.utils.data import DataLoader, Sampler
from transformers.trainer_utils import has_length

from .base_trainer import FCoTTrainer
from .packed_attention import attend_row_by_row
from .packed_rows import PackedRows, PackSampler, RowOrder, row_order
from .packing_collator import PackingCollator
from .packing_config import PackingConfig
from .row_sizes import RowSizes

logger = logging.getLogger(__name__)


class PackingTrainer(FCoTTrainer):
    """A trainer that can put several rows into one sequence.

    The whole run is one epoch of packs, so it can be resumed anywhere and no accumulation of gradients is cut short at
    the end of a pass over the rows. Without ``max_steps`` all rows are measured first, to know how many packs make
    ``num_train_epochs`` passes.

    Args:
        model: an ``FCoTVLForConditionalGeneration``, a folder or a Hub id.
        args: options of the run.
        train_dataset: rows with ``images`` and ``messages``; map-style if they are to be packed.
        **kwargs: everything else that ``trl.SFTTrainer`` takes.

    Raises:
        ValueError: packing is asked for where rows cannot be packed, or would not be kept apart.
    """

    args: PackingConfig
    _packs: PackSampler

    def __init__(self, model: Any, args: PackingConfig, train_dataset: Any, **kwargs: Any) -> None:
        packing, args.packing = args.packing, False  # TRL refuses to pack images; this is not its packing
        super().__init__(model, args, train_dataset, **kwargs)
        args.packing = packing
        if not packing:
            return
        if not has_length(train_dataset):
            raise ValueError("packing needs a data set whose rows can be asked for by number, not a stream")
        attention = self.model.config.get_text_config()._attn_implementation
        if "flash" in attention and args.per_device_train_batch_size > 1:
            raise ValueError(
                f"{attention} keeps packed rows apart only in a batch of one pack: set per_device_train_batch_size to "
                "1, and raise context_length or gradient_accumulation_steps instead"
            )
        attend_row_by_row(self.model)
        self.data_collator = PackingCollator(self.data_collator)

    def row_order(self, size: int) -> RowOrder:
        """Which rows come when: each once in a pass, shuffled unless ``train_sampling_strategy`` is sequential.

        Args:
            size: number of rows.
        """
        args = self.args
        seed = args.seed if args.data_seed is None else args.data_seed
        return row_order(size, args.train_sampling_strategy == "random", seed)

    def get_train_dataloader(self) -> DataLoader[Any]:
        if self.args.packing:
            self._packs = self._pack()
        return super().get_train_dataloader()

    def _pack(self) -> PackSampler:
        args = self.args
        rows: Any = self.train_dataset
        sizes = RowSizes(rows, self.processing_class, self.chat_template)
        order = self.row_order(len(rows))
        per_step = args.train_batch_size * args.gradient_accumulation_steps * args.world_size
        if args.max_steps > 0:
            return PackSampler(order, sizes, args.pack_limit, packs=args.max_steps * per_step)
        logger.info("measuring %d rows to know how many packs they make", len(rows))
        packs = PackSampler(order, sizes, args.pack_limit, epochs=args.num_train_epochs)
        args.max_steps = math.ceil(len(packs) / per_step)
        return packs

    def _samples(self, dataset: Any, is_training: bool) -> Any:
        rows = super()._samples(dataset, is_training)
        return PackedRows(rows, len(self._packs)) if is_training and self.args.packing else rows

    def _get_train_sampler(self, train_dataset: Any = None) -> Sampler[Any] | None:
        return self._packs if self.args.packing else super()._get_train_sampler(train_dataset)

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        if self.args.packing and "loss" in logs:
            logs["pack_fill"] = round(self._packs.fill, 4)
        super().log(logs, start_time)
