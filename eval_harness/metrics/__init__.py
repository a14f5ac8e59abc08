"""Pure functions from predictions and references to scores between 0 and 1; one file per idea."""
