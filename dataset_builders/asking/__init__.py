"""Asking a model about many pictures: any OpenAI-compatible endpoint, or a model loaded by transformers."""
