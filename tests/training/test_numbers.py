"""A loss or gradient that is no number ends the run before anything is saved, and says which rows it came from."""

import json

import pytest
import torch

from fcotvl_hf.training.callbacks import read_log
from fcotvl_hf.training.run import run


@pytest.mark.parametrize("kind", ["distill", "sft"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_loss(make_trainer, kind, value, tmp_path) -> None:
    trainer = make_trainer(kind, save_strategy="steps", save_steps=1, train_sampling_strategy="sequential")
    compute = trainer.compute_loss

    def spoilt(*args: object, **kwargs: object) -> torch.Tensor:
        return compute(*args, **kwargs) * (value if trainer.state.global_step == 1 else 1)

    trainer.compute_loss = spoilt
    with pytest.raises(FloatingPointError, match=f"the loss is {value} after step 1; .*nonfinite-0.json names the"):
        run(trainer)
    expected = [trainer.train_dataset[index]["id"] for index in range(4, 8)]
    assert json.loads((tmp_path / "run" / "nonfinite-0.json").read_text())["rows"] == expected
    assert [entry["step"] for entry in read_log(tmp_path / "run" / "log.jsonl")] == [1]
    assert [folder.name for folder in (tmp_path / "run").glob("checkpoint-*")] == ["checkpoint-1"]


def test_gradient(make_trainer, tmp_path) -> None:
    options = {"per_device_train_batch_size": 2, "gradient_accumulation_steps": 2}
    trainer = make_trainer("sft", save_strategy="steps", save_steps=1, train_sampling_strategy="sequential", **options)
    next(trainer.model.model.compressor.parameters()).register_hook(lambda gradient: gradient * float("nan"))
    with pytest.raises(FloatingPointError, match="the gradient's norm is nan after step 1"):
        run(trainer)
    assert not list((tmp_path / "run").glob("checkpoint-*"))
    expected = [trainer.train_dataset[index]["id"] for index in range(4)]  # of all micro-batches
    assert json.loads((tmp_path / "run" / "nonfinite-0.json").read_text())["rows"] == expected
