"""How the packaged tiny model is made: an InternVL of a few million parameters that really reads, from scratch.

``python -m fcotvl_hf.scripts.train_tiny`` runs the stages: perceive (what stands in each visual token), read (say it in
order), answer (tables, charts, look-up as well), then the compressed students and the controls.
"""
