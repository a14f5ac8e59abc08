"""OCRBench v2, https://arxiv.org/abs/2501.00321: a scorer for each of its 30 tasks, and the two overall scores.

``task.ocrbench_v2`` scores one reply, ``aggregate.ocrbench_v2_aggregate`` a result set. They need the ``eval`` extra.
Scores are those of the benchmark's own script, oddities included, for otherwise nobody's figures could be compared; the
modules name them.
"""
