"""Post-train all parameters of a model by supervised fine-tuning.

fcotvl sft --student runs/distill-50 --output_dir runs/sft-50
accelerate launch -m fcotvl_hf.scripts.sft --config fcotvl_hf/recipes/tiny/sft-50.yaml
"""

import sys
from collections.abc import Sequence

from fcotvl_hf.command import run_command
from fcotvl_hf.training.run import run
from fcotvl_hf.training.sft_config import FCoTSFTConfig
from fcotvl_hf.training.sft_trainer import FCoTSFTTrainer

from .arguments import Parser, build_parser
from .lora import LoraArguments
from .prepare import trainer_arguments


def make_parser() -> Parser:
    """The options of the command."""
    return build_parser(FCoTSFTConfig, "fcotvl sft", LoraArguments)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command.

    Args:
        argv: arguments without the command's name; ``sys.argv``'s by default.
    """
    *options, lora = make_parser().parse(argv)
    run(FCoTSFTTrainer(**trainer_arguments(*options), peft_config=lora.peft_config()))


if __name__ == "__main__":
    sys.exit(run_command("fcotvl sft", main))
