"""Entry points that ``python -m`` and ``accelerate launch -m`` take: one module per script."""
