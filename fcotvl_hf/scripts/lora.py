"""Options of LoRA (https://arxiv.org/abs/2106.09685) beside a compressor trained in full, named as in TRL's scripts."""

from dataclasses import dataclass, field

from peft import LoraConfig


@dataclass
class LoraArguments:
    """Train small matrices beside the language model's weights instead of the weights themselves."""

    use_peft: bool = field(
        default=False,
        metadata={
            "help": "Train with LoRA. Checkpoints hold the adapter; at the end OUTPUT_DIR/merged is a model folder."
        },
    )
    lora_r: int = field(default=16, metadata={"help": "Rank of LoRA's matrices."})
    lora_alpha: int = field(default=32, metadata={"help": "Scale of LoRA's update, which is lora_alpha / lora_r."})
    lora_dropout: float = field(default=0.05, metadata={"help": "Dropout of LoRA's input."})
    lora_target_modules: str = field(
        default=r".*\.language_model\..*_proj",
        metadata={"help": "Regular expression of the linear layers that get LoRA; by default the language model's."},
    )
    lora_modules_to_save: list[str] = field(
        default_factory=lambda: ["compressor", "multi_modal_projector"],
        metadata={"help": "Modules trained in full and saved with the adapter."},
    )

    def peft_config(self) -> LoraConfig | None:
        """PEFT's configuration; ``None`` if all parameters are trained."""
        if not self.use_peft:
            return None
        return LoraConfig(
            r=self.lora_r,
            lora_alpha=self.lora_alpha,
            lora_dropout=self.lora_dropout,
            target_modules=self.lora_target_modules,
            modules_to_save=self.lora_modules_to_save,
        )
