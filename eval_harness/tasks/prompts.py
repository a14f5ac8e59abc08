"""What InternVL's own evaluation scripts put behind a question (``internvl_chat/eval``), and what VLMEvalKit does.

The scripts join with a space where VLMEvalKit's InternVL wrapper joins with a line break, and scores depend on it.
"""

SHORT_ANSWER = "{question} Answer the question using a single word or phrase."
"""``evaluate_vqa.py`` and ``mme/eval.py``: DocVQA, InfoVQA, ChartQA, TextVQA, MME."""

SHORT_ANSWER_LINE = "{question}\nAnswer the question using a single word or phrase."
"""VLMEvalKit, by which InternVL2's OCRBench was measured."""

LETTER = "{question}\nAnswer with the option's letter from the given choices directly."
"""``evaluate_scienceqa.py``, and VLMEvalKit's multiple choice."""
