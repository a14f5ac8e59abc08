"""What ``fcotvl data cot`` does: program-made chains, sampled ones beside them if there is a model, as a data set."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..asking.ask import Asked
from ..card import About, Source
from ..curation.decontamination import KeptOut, keep_out
from ..curation.opening import Origin
from ..curation.quality import TokenCounter, write_quality_report
from ..licences import FONTS
from ..packages import TYPESET, require
from ..parts import Part
from ..publish import Writing, push_if_asked, work_folder
from ..rows import GENERATOR_VERSION
from ..sharing import write_with_model
from .mix import SPLIT, program_parts
from .questions import DatasetQuestions, ProgramQuestions, Questions
from .rejection import Sampled, Sifting
from .rewriting import Rewritten

logger = logging.getLogger(__name__)

SAMPLED = "sampled"
CONFIGS = {
    "chart": "arithmetic over the values of bars, lines and pies",
    "table": "look-up, aggregation and filters over records",
    "geometry": "lengths, angles and areas of labelled figures",
    "receipt": "sums, change and discounts of till receipts",
    "science": "circuits, levers, food webs, thermometers, densities, orbits",
    SAMPLED: "chains of a stronger model whose answers were verified",
}
_DESCRIPTION = """\
Questions about pictures whose answers follow in a few steps, for the post-training of \
[FCoT-VL](https://arxiv.org/abs/2502.18512) (§3.1.2). The chains of `chart`, `table`, `geometry`, `receipt` and \
`science` are computed by the program that draws the picture; those of `sampled` are drawn from a model and kept if \
rules verify their answer. Every row states its gold answer in `meta`."""


@dataclass(frozen=True)
class CotOptions:
    """What a mix is made of beside the program's chains.

    Args:
        sampler: whose chains are sampled.
        sifting: how many, and which are kept.
        questions: what it is asked; the program's questions if ``None``.
        rewriter: who puts terse answers into the teacher's tone.
        kept_out: what must not be in the mix.
    """

    sampler: Asked | None = None
    sifting: Sifting = Sifting()
    questions: Origin | None = None
    rewriter: Asked | None = None
    kept_out: KeptOut = KeptOut()

    def settings(self) -> dict[str, Any]:
        """What the rows depend on."""
        settings: dict[str, Any] = {}
        if self.sampler:
            settings |= {"sampler": self.sampler.label(), "temperature": self.sampler.settings.temperature}
            settings |= {"draws": self.sifting.draws, "keep": self.sifting.keep}
            settings["questions"] = self.questions.name if self.questions else "the program's"
        if self.rewriter:
            settings["rewriter"] = self.rewriter.label()
        return settings | self.kept_out.settings()

    def sources(self) -> list[Source]:
        """What goes into the rows, for the card."""
        sources = [Source("Questions and chains computed by this project's programs", "Apache-2.0"), *FONTS]
        if self.questions:
            sources.append(Source(self.questions.name, "see its card", "questions"))
        for asked, what in ((self.sampler, "chains"), (self.rewriter, "rewritten answers")):
            if asked:
                sources.append(Source(asked.label(), "see the model's terms", what))
        return sources

    @property
    def in_memory(self) -> bool:
        """Whether a model of this machine makes rows."""
        return any(asked and not asked.is_endpoint for asked in (self.sampler, self.rewriter))


def build_cot_mix(
    out: Path,
    size: int,
    seed: int,
    options: CotOptions,
    tokens: TokenCounter,
    writing: Writing = Writing(),
) -> None:
    """Write a data set with a quality report, or finish one that was begun, and upload it.

    Args:
        out: folder to write; replies of models and reports go into a folder beside it, see ``work_folder``.
        size: rows of program-made chains, and questions that a sampler is asked.
        seed: another seed, other rows.
        options: what else is in it.
        tokens: counts them for the report.
        writing: how, and what is done with it then.

    Raises:
        ValueError: a model, a task or a column is not as it must be, or ``out`` was begun with other settings.
        OSError: a model does not answer, data cannot be had, or see ``write_dataset`` and ``push_dataset``.
    """
    require((*TYPESET, "math_verify"))
    parts = _parts(out, size, seed, options)
    settings = {"size": size, "seed": seed, "generator": GENERATOR_VERSION, **options.settings()}
    about = About(
        name="cot-mix",
        title="CoT mix",
        description=_DESCRIPTION,
        settings=settings,
        command=f"fcotvl data cot --out DIR --size {size} --seed {seed}",
        tags=("synthetic", "chain-of-thought", "fcot-vl"),
        configs={part.config: CONFIGS[part.config] for part in parts},
        licence="other" if options.sampler or options.rewriter else "apache-2.0",
        sources=options.sources(),
    )
    if write_with_model(out, parts, about, writing, options.in_memory):
        logger.info("quality report: %s", write_quality_report(out, tokens, seed))
        push_if_asked(out, writing)


def _parts(out: Path, size: int, seed: int, options: CotOptions) -> list[Part]:
    work, parts = work_folder(out), program_parts(size, seed)
    if options.sampler:
        questions: Questions = (
            DatasetQuestions(options.questions) if options.questions else ProgramQuestions(size, seed)
        )
        maker = Sampled(questions, options.sampler, options.sifting, work / "replies")
        parts.append(Part(SAMPLED, SPLIT, min(size, len(questions)), maker))
    if options.rewriter:
        parts = [
            replace(part, rows=Rewritten(part.rows, options.rewriter, work / "replies", f"rewritten-{part.config}"))
            for part in parts
        ]
    return keep_out(parts, options.kept_out, work)
