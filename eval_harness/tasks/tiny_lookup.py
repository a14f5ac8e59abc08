"""Finding one value on a page.

name: tiny-lookup
dataset: ocr_mix/lookup
abstract: One value of a page is asked for by its label. The score of a sample is exact match.
languages: english
tags: question answering, synthetic
"""

from ..metrics.exact import exact_match
from ..rows import spoken_target
from .ocr_mix import ocr_mix
from .task import Task, best

TASK = Task(
    name="tiny-lookup",
    version=1,
    source=ocr_mix("lookup"),
    target=spoken_target,
    max_new_tokens=16,
    post_process=str,
    metric="exact_match",
    sample_score=best(exact_match),
    citation="docs/tiny.md",
)
