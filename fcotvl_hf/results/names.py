"""Names of the stages, in the order of running them. Light, for ``--help`` must be quick."""

MEASURED = ("scores", "legibility", "attention", "speed", "speed-2b", "merging")
"""They ask models that are there."""
STUDIED = (
    *("strides", "compressors", "controls", "tasks", "sampling", "chains"),
    *("re-alignment", "cross-entropy", "position"),
)
"""They train; keys of ``fcotvl_hf.tiny.studies.STUDIES``."""
STAGES = (*MEASURED, *STUDIED)
