"""Options of post-training sampling."""

from dataclasses import dataclass, field
from pathlib import Path

from .base_config import FCoTConfig
from .loss_sampling import GENERATION


@dataclass
class SamplingConfig(FCoTConfig):
    """How often each data set of a mixture comes up; every option of TRL's ``SFTConfig`` works as well.

    Raises:
        ValueError: an option is out of range, or there is no such file.
    """

    sampling: str = field(
        default="uniform",
        metadata={
            "help": "uniform: each row once per epoch. auto: fcotvl sft first trains on a part of the rows, turns the "
            "data sets' losses into probabilities, writes OUTPUT_DIR/sampling.json and draws by it. Or such a file."
        },
    )
    coarse_share: float = field(
        default=0.02, metadata={"help": "Share of the rows that the coarse run of sampling auto trains on."}
    )
    sampling_update: bool = field(
        default=False, metadata={"help": "Compute the probabilities anew after each epoch, from that epoch's losses."}
    )
    generation_sources: list[str] = field(
        default_factory=lambda: list(GENERATION),
        metadata={"help": "Patterns of data sets whose answers are free text: never drawn above their share."},
    )

    def __post_init__(self) -> None:
        if self.sampling not in ("uniform", "auto") and not Path(self.sampling).is_file():
            raise ValueError(f"sampling is uniform, auto or a file, and there is no file {self.sampling}")
        if not 0 < self.coarse_share <= 1:
            raise ValueError(f"coarse_share must be above 0 and at most 1, not {self.coarse_share}")
        if self.draws_by_source and self.train_sampling_strategy != "random":
            raise ValueError(
                "sampling draws rows in random order; leave train_sampling_strategy at random, "
                f"not {self.train_sampling_strategy}"
            )
        super().__post_init__()

    @property
    def draws_by_source(self) -> bool:
        """Whether rows are drawn by probabilities of their data sets."""
        return self.sampling != "uniform" or self.sampling_update

    @property
    def sampling_file(self) -> Path:
        """Where the probabilities are."""
        return Path(self.output_dir) / "sampling.json" if self.sampling == "auto" else Path(self.sampling)
