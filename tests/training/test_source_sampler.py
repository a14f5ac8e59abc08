"""An epoch holds each data set in its quota; what it holds depends on seed, epoch and probabilities only."""

from collections import Counter

import pytest

from fcotvl_hf.training.source_sampler import SourceSampler

SOURCES = ["a"] * 60 + ["b"] * 30 + ["c"] * 10


def drawn(sampler: SourceSampler) -> Counter[str]:
    return Counter(SOURCES[index] for index in sampler)


def test_without_probabilities_every_row_comes_once() -> None:
    assert sorted(SourceSampler(SOURCES, 0)) == list(range(100))


def test_quotas_follow_the_probabilities() -> None:
    sampler = SourceSampler(SOURCES, 0, {"a": 0.305, "b": 0.45, "c": 0.245})
    assert drawn(sampler) == {"a": 31, "b": 45, "c": 24}
    assert len(list(sampler)) == len(sampler) == 100
    counts = Counter(sampler)
    assert {counts[index] for index in range(60)} == {0, 1}
    assert {counts[index] for index in range(60, 90)} == {1, 2}
    assert {counts[index] for index in range(90, 100)} == {2, 3}


def test_order_changes_with_epoch_and_seed_only() -> None:
    first, again, other = SourceSampler(SOURCES, 1), SourceSampler(SOURCES, 1), SourceSampler(SOURCES, 2)
    assert list(first) == list(first) == list(again) != list(other)
    again.set_epoch(1)
    assert list(first) != list(again)


@pytest.mark.parametrize(
    ("probabilities", "message"),
    [({"a": 1.0}, "but the rows come from"), ({"a": -1, "b": 1, "c": 1}, "not"), ({"a": 0, "b": 0, "c": 0}, "not")],
)
def test_wrong_probabilities_are_refused(probabilities, message) -> None:
    with pytest.raises(ValueError, match=message):
        SourceSampler(SOURCES, 0, probabilities)
