"""``make results``: the paper's tables and figures on the tiny models, as files that README and docs are made from.

Each table is a stage (``stage.py``) that writes ``results/NAME.json`` and its pictures, and that is skipped when they
are there with the same settings. ``page.py`` turns the files into ``docs/results.md``. Paper:
https://arxiv.org/abs/2502.18512.
"""
