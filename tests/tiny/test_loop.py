"""A stage that is stopped and called again ends with the weights of one that was not."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from fcotvl_hf.tiny.loop import Schedule, train

SCHEDULE = Schedule(steps=6, batch_size=4, peak_lr=1e-2, save_every=2)


def _model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 16), nn.LayerNorm(16), nn.Linear(16, 3))


def _batches(stop_at: int | None = None) -> Callable[[int], Iterator[torch.Tensor]]:
    def batches(first: int) -> Iterator[torch.Tensor]:
        for step in range(first, 1000):
            if step == stop_at:
                raise KeyboardInterrupt
            yield torch.randn(4, 8, generator=torch.Generator().manual_seed(step))

    return batches


def _train(model: nn.Module, folder: Path, stop_at: int | None = None) -> None:
    def loss_of(batch: torch.Tensor) -> tuple[torch.Tensor, dict[str, float]]:
        return model(batch).float().square().mean(), {"size": len(batch)}

    train(model, loss_of, _batches(stop_at), SCHEDULE, folder)


def test_resumed_equals_straight(tmp_path: Path) -> None:
    straight, stopped, resumed = _model(), _model(), _model()
    _train(straight, tmp_path / "straight")
    with pytest.raises(KeyboardInterrupt):
        _train(stopped, tmp_path / "resumed", stop_at=5)  # the last checkpoint is step 4
    _train(resumed, tmp_path / "resumed")
    for name, weight in straight.state_dict().items():
        assert torch.equal(weight, resumed.state_dict()[name]), name
        assert not torch.equal(weight, _model().state_dict()[name]), name


def test_log_has_one_line_per_step_after_a_resume(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        _train(_model(), tmp_path, stop_at=5)
    _train(_model(), tmp_path)
    steps = [json.loads(line)["step"] for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert steps == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("name", ["avx512_bf16", "amx_bf16", "bf16", "avx2"])
def test_bfloat16_is_used_where_the_cpu_has_it(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: {name: True, "architecture": "some"})
    model, types = _model(), set()

    def loss_of(batch: torch.Tensor) -> tuple[torch.Tensor, dict[str, float]]:
        out = model(batch)
        types.add(out.dtype)
        return out.float().square().mean(), {}

    train(model, loss_of, _batches(), SCHEDULE, tmp_path)
    assert types == {torch.bfloat16 if name.endswith("bf16") else torch.float32}


def test_learning_rate_warms_up_and_falls() -> None:
    schedule = Schedule(steps=1000, peak_lr=1.0)
    rates = [schedule.lr(step) for step in range(1000)]
    assert rates[0] < 0.02 and max(rates) > 0.95 and rates[-1] == pytest.approx(0.05, abs=0.01)
    assert rates.index(max(rates)) == 99
