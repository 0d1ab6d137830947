"""The compiled inner loops of the feature pipeline. Nothing here is imported before it is needed."""
