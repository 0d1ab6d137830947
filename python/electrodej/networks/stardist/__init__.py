"""StarDist in two dimensions: trained on sections, run over every section of a volume."""
