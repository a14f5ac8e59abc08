"""OCR-like tasks drawn from seeds: the label is the text that was drawn, so it is exact by construction."""
