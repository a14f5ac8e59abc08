"""Finding one value on a page.

name: tiny-lookup
dataset: ocr_mix/lookup
abstract: One value of a page is asked for by its label. The score of a sample is exact match.
languages: english
tags: question answering, synthetic
"""

from ..metrics.exact import exact_match
from .task import Task

TASK = Task(name="tiny-lookup", version=1, max_new_tokens=16, sample_score=exact_match)
