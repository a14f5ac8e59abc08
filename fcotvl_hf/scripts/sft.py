"""Post-train all parameters of a model by supervised fine-tuning.

fcotvl sft --student runs/distill-50 --output_dir runs/sft-50
accelerate launch -m fcotvl_hf.scripts.sft --config fcotvl_hf/recipes/tiny/sft-50.yaml
"""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from accelerate.utils import release_memory

from fcotvl_hf.command import UsageError, run_command
from fcotvl_hf.training.coarse_run import coarse_subset, write_probabilities
from fcotvl_hf.training.data import sources_of
from fcotvl_hf.training.run import run, starting_checkpoint
from fcotvl_hf.training.sft_config import FCoTSFTConfig
from fcotvl_hf.training.sft_trainer import FCoTSFTTrainer

from .arguments import Parser, build_parser
from .lora import LoraArguments
from .prepare import trainer_arguments

COARSE = (
    "--sampling uniform --sampling_update false --num_train_epochs 1 --max_steps -1 --resume_from_checkpoint false "
    "--save_strategy no --merge_pool 0 --eval_strategy no --push_to_hub false --report_to none"
)
"""What a coarse run does otherwise than the formal one: a single pass, and nothing saved."""


def make_parser() -> Parser:
    """The options of the command."""
    return build_parser(FCoTSFTConfig, "fcotvl sft", LoraArguments)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command.

    Args:
        argv: arguments without the command's name; ``sys.argv``'s by default.
    """
    given = list(sys.argv[1:] if argv is None else argv)
    *options, lora = make_parser().parse(given)
    args: FCoTSFTConfig = options[2]
    if args.sampling == "auto" and not args.sampling_file.exists():
        starting_checkpoint(args)  # refuses a used folder before the work
        find_probabilities(given, args.sampling_file)
        release_memory()
    run(FCoTSFTTrainer(**trainer_arguments(*options), peft_config=lora.peft_config()))


def find_probabilities(given: Sequence[str], file: Path) -> None:
    """Make the coarse run of post-training sampling, in ``coarse`` beside ``file``.

    Args:
        given: arguments of the formal run.
        file: gets the probabilities.

    Raises:
        UsageError: the rows do not say where they come from.
    """
    coarse = [*given, *COARSE.split(), "--output_dir", str(file.with_name("coarse"))]
    *options, lora = make_parser().parse(coarse)
    arguments, args = trainer_arguments(*options), options[2]
    sources = sources_of(arguments["train_dataset"])
    if sources is None:
        raise UsageError("sampling auto needs rows with a column source")
    subset = coarse_subset(sources, args.coarse_share, args.seed)
    arguments["train_dataset"] = arguments["train_dataset"].select(subset)
    trainer = FCoTSFTTrainer(**arguments, peft_config=lora.peft_config())
    write_probabilities(trainer, dict(sorted(Counter(sources).items())), file)


if __name__ == "__main__":
    sys.exit(run_command("fcotvl sft", main))
