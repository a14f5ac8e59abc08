"""A folder becomes one commit, whatever happens on the way; what cannot be helped is one line that says what to do."""

from pathlib import Path

import pytest
from huggingface_hub import constants

from fcotvl_hf.io.repo_errors import explained
from fcotvl_hf.io.repo_folder import contents
from fcotvl_hf.io.repo_upload import WAITS, Repository, check_name, check_token, upload

from ..hub.stand_in import Fault, StandIn

CARD = "---\nlicense: mit\nlibrary_name: transformers\npipeline_tag: image-text-to-text\n---\n# A model\n"
LARGE = bytes(range(256)) * 100


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "README.md").write_text(CARD)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(LARGE)
    return folder


def _push(folder: Path, name: str = "me/model", message: str = "Upload", **options: object) -> str:
    return upload(folder, contents(folder).paths, Repository(name, **options), message)  # type: ignore[arg-type]


def test_a_folder_is_one_commit(hub: StandIn, folder: Path) -> None:
    assert _push(folder, tag="v1", private=True) == f"{hub.url}/me/model"
    there = hub.model("me/model")
    assert there.messages == ["Upload"] and there.private
    files = there.files()
    assert {path: file.content for path, file in files.items()} == {
        path: (folder / path).read_bytes() for path in contents(folder).paths
    }
    assert [path for path, file in files.items() if file.lfs] == ["model.safetensors"]
    assert there.tags == {"v1": there.branches["main"]}


def test_parts_of_a_large_file_are_put_together(hub: StandIn, folder: Path) -> None:
    hub.part_size = 7000
    _push(folder)
    assert hub.model("me/model").files()["model.safetensors"].content == LARGE
    assert len(hub.asked("PUT /lfs/.*/[0-9]")) == 4


def test_what_is_unchanged_is_not_sent_again(hub: StandIn, folder: Path) -> None:
    _push(folder)
    first = hub.model("me/model").branches["main"]
    _push(folder)
    assert hub.model("me/model").branches["main"] == first
    (folder / "config.json").write_text('{"new": 1}')
    _push(folder, message="Second")
    assert hub.model("me/model").messages == ["Upload", "Second"]
    assert len(hub.asked("PUT /lfs")) == 1


def test_files_of_an_earlier_version_go(hub: StandIn, folder: Path) -> None:
    (folder / "old.safetensors").write_bytes(b"old")
    (folder / "by-hand.txt").write_text("kept")
    _push(folder)
    for name in ("old.safetensors", "by-hand.txt"):
        (folder / name).unlink()
    _push(folder, stale=["*.safetensors"])
    assert set(hub.model("me/model").files()) == {"README.md", "config.json", "model.safetensors", "by-hand.txt"}


def test_a_dropped_connection_is_taken_up_again(hub: StandIn, folder: Path, waits: list[float]) -> None:
    hub.part_size = 7000
    hub.faults = [Fault("PUT /lfs/.*/2"), Fault("POST .*/commit/"), Fault("POST /api/repos/create")]
    _push(folder)
    assert hub.model("me/model").files()["model.safetensors"].content == LARGE
    assert len(hub.asked("PUT /lfs/.*/1")) == 1 and len(hub.asked("PUT /lfs/.*/2")) == 2
    assert waits == [WAITS[0], 1, WAITS[0]]


def test_a_run_that_was_killed_goes_on_with_what_is_missing(hub: StandIn, folder: Path, waits: list[float]) -> None:
    (folder / "more.safetensors").write_bytes(LARGE[::-1])
    hub.faults = [Fault("POST .*/commit/", times=len(WAITS) + 1)]
    with pytest.raises(OSError, match=r"cannot be reached .*; run the same command again: what is uploaded is not"):
        _push(folder)
    assert hub.model("me/model").messages == []
    _push(folder)
    assert len(hub.asked("PUT /lfs")) == 2
    assert hub.model("me/model").messages == ["Upload"]


def test_a_commit_whose_answer_is_lost_is_not_made_twice(hub: StandIn, folder: Path, waits: list[float]) -> None:
    hub.faults = [Fault("POST .*/commit/", afterwards=True)]
    _push(folder, tag="v1")
    there = hub.model("me/model")
    assert there.messages == ["Upload"] and there.tags["v1"] == there.branches["main"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_hub_is_asked_again_more_and_more_slowly(
    hub: StandIn, folder: Path, waits: list[float], status: int
) -> None:
    hub.faults = [Fault("POST .*/commit/", status, times=3), Fault("POST .*/preupload/", status, times=2)]
    _push(folder)
    assert waits == [1, 2, *WAITS[:3]]
    assert hub.model("me/model").messages == ["Upload"]


def test_the_hub_may_ask_for_patience(hub: StandIn, folder: Path, waits: list[float]) -> None:
    hub.faults = [Fault("POST .*/commit/", 429, headers={"Retry-After": "77"})]
    _push(folder)
    assert waits == [77]


def test_a_hub_that_stays_ill_is_given_up(hub: StandIn, folder: Path, waits: list[float]) -> None:
    hub.faults = [Fault("POST .*/commit/", 503, times=99)]
    with pytest.raises(OSError, match=f"^{hub.url} answers 503 again and again; run the same command later"):
        _push(folder)
    assert waits == list(WAITS)


def test_a_branch_is_made(hub: StandIn, folder: Path) -> None:
    _push(folder, branch="next")
    assert hub.model("me/model").files() == {} != hub.model("me/model").files("next")


def test_a_pull_request_leaves_main_alone_and_can_be_gone_on_with(hub: StandIn, folder: Path) -> None:
    _push(folder)
    before = hub.model("me/model").branches["main"]
    (folder / "config.json").write_text("[]")
    assert _push(folder, create_pr=True).endswith("/me/model/discussions/1")
    there = hub.model("me/model")
    assert there.branches["main"] == before and there.pull_requests[0].status == "open"
    (folder / "config.json").write_text("[1]")
    _push(folder, branch="refs/pr/1")
    assert there.files("refs/pr/1")["config.json"].content == b"[1]"
    assert len(there.pull_requests) == 1


def test_a_pull_request_needs_a_repository(hub: StandIn, folder: Path) -> None:
    with pytest.raises(OSError, match="^there is no model me/absent on http.*, or the token may not see it$"):
        _push(folder, "me/absent", create_pr=True)
    assert not hub.repositories
    with pytest.raises(ValueError, match="a pull request goes to main"):
        Repository("me/model", create_pr=True, tag="v1")


def test_a_version_does_not_change(hub: StandIn, folder: Path) -> None:
    _push(folder, tag="v1")
    (folder / "config.json").write_text("[]")
    with pytest.raises(ValueError, match="^model me/model has a version v1 already; choose another --tag$"):
        _push(folder, tag="v1")
    assert hub.model("me/model").messages == ["Upload"]


def test_what_should_be_private_does_not_go_to_the_public(hub: StandIn, folder: Path) -> None:
    _push(folder)
    with pytest.raises(ValueError, match="model me/model is there and is public; make it private"):
        _push(folder, private=True)


@pytest.mark.parametrize(
    ("token", "told"),
    [
        ("hf_wrong", "^http.* does not accept the token: log in with `hf auth login`, or set HF_TOKEN"),
        ("hf_read", "^the token may not write model me/model: it needs write access"),
    ],
)
def test_tokens_that_may_not(
    hub: StandIn, folder: Path, monkeypatch: pytest.MonkeyPatch, token: str, told: str
) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(OSError, match=told) as refusal:
        _push(folder)
    assert "\n" not in str(refusal.value)


def test_the_token_is_asked_about_first(hub: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    check_token()
    assert hub.asked("GET /api/whoami-v2")
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(OSError, match="does not accept the token"):
        check_token()
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(OSError, match="^no token for http.*: log in with `hf auth login`"):
        check_token()
    monkeypatch.setenv("HF_TOKEN", "hf_write")
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(OSError, match=r"^http://127.0.0.1:1 cannot be reached \(.*refused.*\)"):
        check_token()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(OSError, match="^HF_HUB_OFFLINE is set, so nothing can be uploaded"):
        check_token()


def test_other_peoples_accounts(hub: StandIn, folder: Path) -> None:
    with pytest.raises(OSError, match="the token may not write model you/model"):
        _push(folder, "you/model")
    _push(folder, "team/model")
    assert hub.model("team/model").messages == ["Upload"]


def test_a_broken_card_is_refused_before_anything_is_sent(hub: StandIn, folder: Path) -> None:
    (folder / "README.md").write_text("no metadata")
    with pytest.raises(ValueError, match="Invalid metadata in README.md"):
        _push(folder)
    assert not hub.asked("PUT /lfs") and hub.model("me/model").messages == []


@pytest.mark.parametrize("name", ["", "model", "me/a/b", "me/", "/model", "me/mo del", "me/..", "me/x.git", "mé/x"])
def test_names_that_the_hub_does_not_allow(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be a name on the Hub|names no owner; write owner/name"):
        check_name(name)


def test_errors_that_are_not_the_hubs_pass() -> None:
    with pytest.raises(RuntimeError, match="something else"), explained("model me/model"):
        raise RuntimeError("something else")
