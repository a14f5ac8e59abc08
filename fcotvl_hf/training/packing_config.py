"""Options of packing."""

from dataclasses import dataclass, field

from .base_config import FCoTConfig
from .packing import RowSize


@dataclass
class PackingConfig(FCoTConfig):
    """Several rows in one sequence; every option of TRL's ``SFTConfig`` works as well.

    Raises:
        ValueError: a pack would hold nothing or has no limit, or another option needs rows one by one.
    """

    packing: bool = field(
        default=False,
        metadata={
            "help": "Put several rows into one sequence of at most context_length tokens, each seeing only itself. "
            "Batch sizes then count sequences."
        },
    )
    pack_tiles: int = field(
        default=64, metadata={"help": "Image tiles of a packed sequence at most: bounds the vision tower's memory."}
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.pack_tiles < 1:
            raise ValueError(f"pack_tiles must be positive, not {self.pack_tiles}")
        if not self.packing:
            return
        if self.context_length is None:
            raise ValueError("packing needs context_length, the tokens of a packed sequence; the paper takes 4096")
        if self.train_sampling_strategy not in ("random", "sequential"):
            raise ValueError(
                f"train_sampling_strategy {self.train_sampling_strategy} chooses batches of rows, which packing does "
                "itself; use random or sequential"
            )
        if self.remove_unused_columns or self.pad_to_multiple_of is not None:
            raise ValueError("packing works on whole rows: leave remove_unused_columns and pad_to_multiple_of unset")

    @property
    def pack_limit(self) -> RowSize:
        """What a packed sequence may hold."""
        return RowSize(self.context_length or 0, self.pack_tiles)
