"""Builders of the dataset repositories: synthetic OCR pages and chain-of-thought mixes, as Parquet and a card."""
