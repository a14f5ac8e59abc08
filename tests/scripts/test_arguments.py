"""The scripts' options: the command line goes before YAML, mistakes are one line."""

from pathlib import Path

import pytest

from fcotvl_hf.scripts import distill, sft


def test_command_line_goes_before_yaml_before_defaults(tmp_path) -> None:
    recipe = tmp_path / "r.yaml"
    recipe.write_text("temperature: 2.0\nkl_weight: 3.0\n")
    for config in (["--config", str(recipe)], [f"--config={recipe}"]):
        _, _, args, _ = distill.make_parser().parse([*config, "--temperature=4"])
        assert (args.temperature, args.kl_weight, args.ce_weight) == (4.0, 3.0, 1.0)


def test_on_cpu_training_is_float32_unless_asked() -> None:
    args = sft.make_parser().parse(["--use_cpu", "true"])[2]
    assert args.bf16 is False
    assert sft.make_parser().parse(["--use_cpu", "true", "--bf16", "true"])[2].bf16 is True


@pytest.mark.parametrize(
    ("argv", "yaml", "message"),
    [
        (["--temprature", "2"], None, "unknown option 'temprature'; did you mean 'temperature'?"),
        (["--config", "r.yaml"], "kl_wieght: 2", "unknown option 'kl_wieght'; did you mean 'kl_weight'?"),
        (["--config", "r.yaml"], "- a\n- b", "r.yaml must be a YAML mapping"),
        (["--config", "r.yaml"], "a: [", "r.yaml is not YAML"),
        (["--config", "r.yaml"], "student: \xff", "r.yaml is not YAML"),
        (["--config", "r.yaml"], "datasets: me/a", "datasets must be a list of data sets, such as - path: FOLDER"),
        (["--config", "r.yaml"], "datasets: [me/a]", "datasets must be a list of data sets, such as - path: FOLDER"),
        (["--config", "r.yaml"], "datasets: [{pth: a}]", "unknown key of a data set 'pth'; did you mean 'path'?"),
        (["--config", "r.yaml"], "datasets: [{split: test}]", "a data set of datasets has no path: {'split': 'test'}"),
        (["--config", "none.yaml"], None, "no configuration file at none.yaml"),
        (["--config=none.yaml"], None, "no configuration file at none.yaml"),
        (["--config"], None, "--config needs the name of a YAML file"),
        (["--max_steps", "many"], None, "invalid int value: 'many'"),
        (["--gradient_accumulation_steps", "0"], None, "gradient_accumulation_steps must be at least 1"),
        (["--temperature", "0"], None, "temperature must be positive, not 0.0"),
    ],
)
def test_mistakes_are_one_line_and_status_2(argv, yaml, message, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    if yaml is not None:
        Path("r.yaml").write_text(yaml, encoding="latin-1")
    with pytest.raises(SystemExit) as stopped:
        distill.make_parser().parse(argv)
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
