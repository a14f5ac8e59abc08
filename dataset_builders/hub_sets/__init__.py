"""Public data sets of the Hub as rows of ours: by id and revision, with their licence, streamed."""
