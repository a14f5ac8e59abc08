"""Finding, loading and asking models; cards and uploads."""
