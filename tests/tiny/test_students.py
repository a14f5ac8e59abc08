"""Students are made with the recipes that are named after them, and the card shows the commands that did it."""

import json
import shlex
import shutil
from pathlib import Path

import pytest

from fcotvl_hf.hub.models import PACKAGED
from fcotvl_hf.scripts import distill, sft
from fcotvl_hf.tiny import students
from fcotvl_hf.tiny.cards import write_cards
from fcotvl_hf.tiny.commands import note_command, read_commands, write_commands

ROOT = Path(__file__).parents[2]
ASSETS = ROOT / "fcotvl_hf" / "assets"


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Arguments that the training scripts get; they do nothing."""
    calls: list[list[str]] = []
    for script in (distill, sft):
        monkeypatch.setattr(script, "main", lambda argv: calls.append(list(argv)))
    for merging in ("merge_checkpoints", "merge"):
        monkeypatch.setattr(students, merging, lambda *_, **__: None)
    monkeypatch.setattr(students, "complete_checkpoints", lambda out: [out / "checkpoint-1"])
    return calls


@pytest.mark.parametrize(("share", "stride"), [(50, 2), (75, 4)])
def test_each_share_has_its_recipe(share: int, stride: int, called: list[list[str]], tmp_path: Path) -> None:
    students.realign("tiny", tmp_path / "a", share, "mean", 7)
    students.post_train(str(tmp_path / "a"), tmp_path / "b", share, 8)
    which, _, args, *_ = distill.make_parser().parse(called[0])
    assert (which.teacher, which.stride, which.compressor, args.max_steps) == ("tiny", stride, "mean", 7)
    which, _, args, *_ = sft.make_parser().parse(called[1])
    assert (which.student, args.output_dir, args.max_steps) == (str(tmp_path / "a"), str(tmp_path / "b"), 8)
    assert [Path(call[1]).stem for call in called] == [f"distill-{share}", f"sft-{share}"]


def test_noted_commands_do_the_same_when_called_in_the_repository(
    called: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):  # the second call goes on with the first one's run
        students.realign("tiny", tmp_path, 75, "conv1d", 5, note=True)
    (command,) = read_commands(tmp_path)
    program, script, *argv = shlex.split(command)
    assert (program, script) == ("fcotvl", "distill")
    monkeypatch.chdir(ROOT)
    noted, ran = (distill.make_parser().parse(arguments) for arguments in (argv, called[0]))
    assert noted[0] == ran[0] and noted[1] == ran[1]


def test_the_75_percent_student_starts_from_the_50_percent_one(
    called: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(students, "load_model", lambda _: (None, None))
    monkeypatch.setattr(students, "package", lambda *_: None)
    students.make_students(tmp_path, tmp_path / "runs", 5, 6)
    first, _, second, _ = [(distill if "distill" in call[1] else sft).make_parser().parse(call) for call in called]
    assert (first[0].teacher, first[2].teacher_model) == (str(tmp_path / "fcot-vl-tiny"), None)
    assert second[0].teacher == str(tmp_path / "fcot-vl-tiny-50") and second[0].stride == 4
    assert second[2].teacher_model == str(tmp_path / "fcot-vl-tiny")


def test_another_round_draws_other_pages_and_keeps_the_curves(
    called: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packaged = []
    monkeypatch.setattr(students, "load_model", lambda _: (None, None))
    monkeypatch.setattr(students, "package", lambda *given: packaged.append(given[2:]))
    (tmp_path / "fcot-vl-tiny-50").mkdir()
    (tmp_path / "fcot-vl-tiny-50" / "sft-50.png").touch()
    students.train_students_on(tmp_path, tmp_path / "runs", 6, 3e-4)
    which, data, args, *_ = sft.make_parser().parse(called[0])
    assert (which.student, args.output_dir) == (str(tmp_path / "fcot-vl-tiny-50"), str(tmp_path / "runs" / "sft-50-2"))
    assert (data.ocr_seed, args.learning_rate) == (210_000_000, 3e-4)
    folder = tmp_path / "fcot-vl-tiny-50"
    assert packaged[0] == (folder, [tmp_path / "runs" / "sft-50-2"], folder)


def test_an_older_cpu_trains_in_float32(
    called: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: {"avx2": True, "avx512_bf16": False})
    monkeypatch.setattr("torch.accelerator.is_available", lambda: False)
    students.realign("tiny", tmp_path, 50, "conv1d", 5)
    which, _, args, *_ = distill.make_parser().parse(called[0])
    assert (args.bf16, which.attn_implementation) == (False, "sdpa")


def test_card_shows_the_commands(tmp_path: Path) -> None:
    for folder in PACKAGED.values():
        (tmp_path / folder).mkdir()
        shutil.copy(ASSETS / folder / "config.json", tmp_path / folder)
        (tmp_path / folder / "loss.png").touch()
    note_command(tmp_path / "run", ["fcotvl", "distill", "--teacher", "my teacher"])
    write_commands(tmp_path / "fcot-vl-tiny-50", [*read_commands(tmp_path / "run"), "fcotvl sft"])
    write_cards(tmp_path, json.loads((ASSETS / "scores.json").read_text()))
    card = (tmp_path / "fcot-vl-tiny-50" / "README.md").read_text()
    assert "```bash\nfcotvl distill --teacher 'my teacher'\nfcotvl sft\n```\n\n![loss.png]" in card
    assert "```bash" not in (tmp_path / "fcot-vl-tiny-75" / "README.md").read_text()
