"""OCRBench v2's overall scores, of English and Chinese: the plain mean of the means of their categories.

A category's mean is over all of its samples, whatever their task, so a task counts by its size within a category, but
each category alike. (lmms-eval takes the mean over all samples instead; its overall scores cannot be compared.)
"""

from collections.abc import Iterable, Mapping
from statistics import fmean
from typing import Any

CATEGORIES: dict[str, tuple[str, ...]] = {
    "en_text_recognition": ("text recognition en", "fine-grained text recognition en", "full-page OCR en"),
    "en_text_detection": ("text grounding en", "VQA with position en"),
    "en_text_spotting": ("text spotting en",),
    "en_relationship_extraction": ("key information extraction en", "key information mapping en"),
    "en_element_parsing": ("document parsing en", "chart parsing en", "table parsing en", "formula recognition en"),
    "en_mathematical_calculation": ("math QA en", "text counting en"),
    "en_visual_text_understanding": ("document classification en", "cognition VQA en", "diagram QA en"),
    "en_knowledge_reasoning": ("reasoning VQA en", "science QA en", "APP agent en", "ASCII art classification en"),
    "cn_text_recognition": ("full-page OCR cn",),
    "cn_relationship_extraction": ("key information extraction cn", "handwritten answer extraction cn"),
    "cn_element_parsing": ("document parsing cn", "table parsing cn", "formula recognition cn"),
    "cn_visual_text_understanding": ("cognition VQA cn",),
    "cn_knowledge_reasoning": ("reasoning VQA cn", "text translation cn"),
}
"""Category → its tasks."""

CATEGORY_OF = {task: category for category, tasks in CATEGORIES.items() for task in tasks}
"""Task → its category."""


def ocrbench_v2_aggregate(items: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Sum up a result set.

    Args:
        items: mappings with ``type`` (the task) and ``score``; those with ``ignore`` are left out, as translations
            without a reference should be.

    Returns:
        ``en_categories`` and ``cn_categories``, the means of those that have samples, and the means of these,
        ``en_overall`` and ``cn_overall``; None without any sample.

    Raises:
        ValueError: there is no such task.
    """
    scores: dict[str, list[float]] = {category: [] for category in CATEGORIES}
    for item in items:
        if item["type"] not in CATEGORY_OF:
            raise ValueError(f"OCRBench v2 has no task {item['type']!r}; it has {', '.join(CATEGORY_OF)}")
        if "ignore" not in item:
            scores[CATEGORY_OF[item["type"]]].append(item["score"])
    means = {category: fmean(found) for category, found in scores.items() if found}
    english = {category: mean for category, mean in means.items() if category.startswith("en_")}
    chinese = {category: mean for category, mean in means.items() if category.startswith("cn_")}
    return {
        "en_categories": english,
        "cn_categories": chinese,
        "en_overall": fmean(english.values()) if english else None,
        "cn_overall": fmean(chinese.values()) if chinese else None,
    }
