"""Arguments that the training scripts share, and a parser whose errors help.

The command line goes before the YAML file of ``--config``, which goes before the defaults. Unknown keys are errors.
"""

import difflib
import inspect
import sys
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import yaml
from trl import DatasetMixtureConfig, TrlParser
from trl.scripts.utils import DatasetConfig

from fcotvl_hf.modeling import COMPRESSORS, POSITIONS
from fcotvl_hf.training.base_config import FCoTConfig


@dataclass
class ModelArguments:
    """Which model is trained."""

    student: str | None = field(default=None, metadata={"help": "Model to train: packaged name, folder or Hub id."})
    teacher: str | None = field(
        default=None,
        metadata={
            "help": "Model of stride 1. Alone: the student is made from it, into OUTPUT_DIR/init. In distillation "
            "with --student: where the teacher's projector comes from, needed when the student was trained before. "
            "With --teacher_model it may be a student of a smaller stride, from which the new one is made."
        },
    )
    stride: int = field(
        default=2, metadata={"help": "Visual tokens merged into one in a student made from --teacher: 2 is 50 %%."}
    )
    compressor: str = field(
        default="conv1d",
        metadata={"help": "Compressor of a student made from --teacher.", "choices": list(COMPRESSORS)},
    )
    compressor_position: str = field(
        default=POSITIONS[0], metadata={"help": "Where that compressor stands.", "choices": list(POSITIONS)}
    )
    max_tiles: int | None = field(
        default=None,
        metadata={
            "help": "Tiles of an image at most, its thumbnail not counted; kept in the trained model's processor. "
            "Default: what the processor of the model says."
        },
    )
    attn_implementation: str = field(
        default="sdpa",
        metadata={"help": "Attention: sdpa, eager (the faster one in bfloat16 on a CPU), flash_attention_2 …"},
    )


@dataclass
class DataArguments:
    """What it is trained on, unless ``datasets`` (a list of Hub ids or folders with Parquet files) is given."""

    ocr_tasks: list[str] = field(
        default_factory=lambda: ["recognition", "table", "chart", "lookup"],
        metadata={
            "help": "Tasks of the OCR mix drawn on the fly, in turn. Also chart-answer and chart-steps: questions "
            "about a chart that take a step of thought, answered at once or with the steps."
        },
    )
    ocr_size: int = field(default=100_000, metadata={"help": "Pages of the OCR mix; an epoch shows each once."})
    ocr_seed: int = field(default=0, metadata={"help": "First seed of the OCR mix's pages."})
    ocr_run_length: int = field(
        default=1,
        metadata={
            "help": "Consecutive pages of one task. The micro-batch size here, with train_sampling_strategy "
            "sequential, halves the padding."
        },
    )
    eval_size: int = field(
        default=256, metadata={"help": "Pages after those, evaluated when eval_strategy asks for it."}
    )


class Parser(TrlParser):
    """TRL's parser, with one-line errors and a suggestion for misspelt keys."""

    def parse(self, argv: Sequence[str] | None = None) -> tuple[Any, ...]:
        """Parse command line and YAML file into the dataclasses.

        Args:
            argv: arguments without the program's name; ``sys.argv``'s by default.

        Raises:
            SystemExit: with status 2 and one line on stderr, if anything is wrong.
        """
        given = sys.argv[1:] if argv is None else argv
        args = [part for argument in given for part in _apart(argument)]
        known = {option.removeprefix("--") for action in self._actions for option in action.option_strings}
        keys = [argument[2:].split("=")[0] for argument in args if argument.startswith("--")]
        settings = self._settings(args)
        self._check_known([*keys, *settings], known | {"config", "env"}, "option")
        if "datasets" in settings:
            self._check_datasets(settings["datasets"])
        try:
            return tuple(self.parse_args_and_config(args))
        except (ValueError, OSError) as error:
            self.error(str(error))

    def error(self, message: str) -> NoReturn:
        """Leave with status 2 and one line; argparse's own would print the usage of 200 options first."""
        self.exit(2, f"{self.prog}: error: {' '.join(message.split())}\n")

    def _check_known(self, keys: Iterable[str], known: Collection[str], what: str) -> None:
        for key in keys:
            if key not in known:
                close = difflib.get_close_matches(key, known, n=1)
                self.error(f"unknown {what} {key!r}" + (f"; did you mean {close[0]!r}?" if close else ""))

    def _check_datasets(self, datasets: object) -> None:
        known = inspect.signature(DatasetConfig).parameters
        if not isinstance(datasets, list) or not all(isinstance(each, dict) for each in datasets):
            self.error("datasets must be a list of data sets, such as - path: FOLDER_OR_HUB_ID")
        for each in datasets:
            self._check_known(each, known, "key of a data set")
            if "path" not in each:
                self.error(f"a data set of datasets has no path: {each}")

    def _settings(self, args: list[str]) -> dict[str, Any]:
        """The content of the file of ``--config``; empty without one."""
        if "--config" not in args:
            return {}
        if args[-1] == "--config":
            self.error("--config needs the name of a YAML file")
        path = Path(args[args.index("--config") + 1])
        if not path.is_file():
            self.error(f"no configuration file at {path}")
        try:
            settings = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            self.error(f"{path} is not YAML: {' '.join(str(error).split())}")
        if not isinstance(settings, dict):
            self.error(f"{path} must be a YAML mapping of option: value")
        return settings


def _apart(argument: str) -> list[str]:
    """``--config=FILE``, which TRL does not know, as ``--config FILE``; anything else as it is."""
    return argument.split("=", 1) if argument.startswith("--config=") else [argument]


def build_parser(training: type[FCoTConfig], prog: str, *others: type) -> Parser:
    """A parser for model, data and the options of one trainer.

    Args:
        training: the trainer's configuration class.
        prog: the command's name in help and errors.
        *others: dataclasses with further options; parsed last.
    """
    return Parser(
        (ModelArguments, DataArguments, training, DatasetMixtureConfig, *others),  # type: ignore[arg-type]
        prog=prog,
        allow_abbrev=False,
        epilog="--config FILE.yaml holds the same keys; the command line goes before it.",
    )
