"""Names of the compressors that a student can have. Light: the command line offers them before torch is imported."""

COMPRESSORS = ("conv1d", "conv2d", "mean", "qformer")
"""Those of ``fcotvl_hf.modeling`` but ``"none"``, the teacher's."""
