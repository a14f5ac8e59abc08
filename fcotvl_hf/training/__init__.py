"""Training on TRL: re-alignment by self-distillation, and supervised post-training.

Nothing is imported here, so that ``fcotvl --help`` stays fast; take what you need from the modules.
"""
