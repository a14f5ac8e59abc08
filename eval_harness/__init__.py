"""Scores: metrics, tasks and a runner that receives a model and ready rows.

Nothing here draws data or trains; see the table of floors in the README. Import the modules themselves, the metrics
need neither torch nor transformers.
"""
