"""What ``fcotvl data mix`` and ``fcotvl data label`` do: data sets made of data that is there."""

from pathlib import Path

from ..asking.ask import Asked
from ..card import About, Source
from ..parts import Part
from ..publish import Writing, push_if_asked, work_folder, write_dataset
from ..rows import GENERATOR_VERSION
from ..sharing import write_with_model
from .decontamination import KeptOut, keep_out
from .labelling import Labelled, find_images
from .mixing import Mixed, MixRecipe
from .quality import TokenCounter, write_quality_report

SPLIT = "train"


def build_mix(
    recipe: MixRecipe,
    out: Path,
    tokens: TokenCounter,
    writing: Writing = Writing(),
    kept_out: KeptOut = KeptOut(),
) -> None:
    """Write a mix with a quality report, or finish one that was begun, and upload it.

    Args:
        recipe: what is mixed.
        out: folder to write.
        tokens: counts them for the report.
        writing: how, and what is done with it then.
        kept_out: test data whose likes are dropped.

    Raises:
        ValueError: a source lacks a column, there are not enough rows, or ``out`` was begun with other settings.
        OSError: a source cannot be loaded, or see ``write_dataset`` and ``push_dataset``.
    """
    counts = recipe.counts()
    shares = {
        each.origin.name: f"{count} rows of {each.origin.split}, revision {each.origin.revision or 'newest'}"
        for each, count in zip(recipe.sources, counts, strict=True)
    }
    about = About(
        name="mix",
        title="Mix",
        description="Rows of several data sets, drawn by weight.",
        settings={"seed": recipe.seed, **shares, **kept_out.settings()},
        command="fcotvl data mix RECIPE.yaml --out DIR",
        licence="other",
        tags=("fcot-vl",),
        sources=[Source(name, "see its card", note) for name, note in shares.items()],
    )
    parts = [Part("mix", SPLIT, sum(counts), Mixed(recipe))]
    write_dataset(out, keep_out(parts, kept_out, work_folder(out)), about, writing)
    write_quality_report(out, tokens, recipe.seed)
    push_if_asked(out, writing)


def build_labels(
    images: Path,
    out: Path,
    teacher: Asked,
    prompt: str,
    task: str,
    least: float,
    writing: Writing = Writing(),
) -> None:
    """Write a data set of pictures that a teacher read, or finish one that was begun, and upload it.

    Args:
        images: folder of pictures.
        out: folder to write; replies go into a folder beside it.
        teacher: who reads, with ``confidence`` among the settings.
        prompt: what it is asked.
        task: what rows call it, and the configuration's name.
        least: lowest confidence that is kept, in [0, 1].
        writing: how, and what is done with it then.

    Raises:
        ValueError: the teacher does not tell how sure it is, or ``out`` was begun with other settings.
        OSError: there are no pictures, the teacher does not answer, or see ``write_dataset`` and ``push_dataset``.
    """
    images = images.resolve()  # "." has a name as well
    files, name = find_images(images), teacher.label()
    about = About(
        name="labels",
        title=f"{images.name}, labelled by {name}",
        description=f"Pictures with what {name} says about them, where its confidence is {least} or more.",
        settings={
            "teacher": name,
            "prompt": prompt,
            "confidence": least,
            "pictures": len(files),
            "generator": GENERATOR_VERSION,
        },
        command=f"fcotvl data label DIR --out OUT --teacher {name} --confidence {least}",
        licence="other",
        tags=("ocr", "pseudo-labels", "fcot-vl"),
        configs={task: prompt},
        sources=[Source(images.name, "as the pictures'", "the pictures")],
    )
    maker = Labelled(files, images, teacher, prompt, task, least, work_folder(out) / "replies")
    part = Part(task, SPLIT, len(files), maker)
    if write_with_model(out, [part], about, writing, in_memory=not teacher.is_endpoint):
        push_if_asked(out, writing)
