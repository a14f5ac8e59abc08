"""Questions with a verified chain of thought: made by programs, or drawn from a stronger model and checked by rules."""
