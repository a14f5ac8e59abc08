"""Questions about infographics.

name: infovqa
dataset: lmms-lab/DocVQA, InfographicVQA, validation
abstract: 2,801 questions about infographics, large images of small text. As in DocVQA the test split has no answers.
    The score of a sample is ANLS.
languages: english
tags: infographics, question answering
paper: https://arxiv.org/abs/2104.12756
"""

from dataclasses import replace

from .docvqa import TASK as DOCVQA

TASK = replace(
    DOCVQA,
    name="infovqa",
    source=replace(DOCVQA.source, config="InfographicVQA"),
    max_tiles=24,
    citation="https://arxiv.org/abs/2104.12756",
)
