"""Scores: metrics, tasks and a runner that receives a model and ready rows.

Nothing here draws data or trains; see the test of the floors. Import the modules themselves, the metrics
need neither torch nor transformers.
"""
