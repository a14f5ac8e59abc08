"""What a task declares: how it asks, how long an answer may be, and how answers are scored."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

SampleScore = Callable[[str, str], float]
"""From a prediction and one reference to a score between 0 and 1."""

CorpusScore = Callable[[Sequence[str], Sequence[str]], float]
"""From all predictions and references to one figure."""


@dataclass(frozen=True)
class Task:
    """A named, versioned way to score answers.

    Args:
        name: what ``--tasks`` and results call it.
        version: raised whenever the same predictions would get another score.
        max_new_tokens: longest answer in tokens.
        sample_score: the score of one sample; a task's score is its mean.
        sample_metrics: further figures per sample, reported as means.
        corpus_metrics: further figures over all samples at once.
        prompt: what is asked; ``{question}`` stands for the row's own question.
    """

    name: str
    version: int
    max_new_tokens: int
    sample_score: SampleScore
    sample_metrics: Mapping[str, SampleScore] = field(default_factory=dict)
    corpus_metrics: Mapping[str, CorpusScore] = field(default_factory=dict)
    prompt: str = "{question}"

    def score(self, prediction: str, references: Sequence[str]) -> float:
        """Score a prediction by the reference that it matches best."""
        return max(self.sample_score(prediction, reference) for reference in references)

    def metrics(self, predictions: Sequence[str], references: Sequence[str]) -> dict[str, float]:
        """All further figures, by name; ``references`` has one text per prediction."""
        pairs = list(zip(predictions, references, strict=True))
        means = {name: sum(f(*pair) for pair in pairs) / len(pairs) for name, f in self.sample_metrics.items()}
        return means | {name: f(predictions, references) for name, f in self.corpus_metrics.items()}
