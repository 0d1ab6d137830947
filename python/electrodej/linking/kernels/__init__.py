"""The compiled inner loops of linking. Nothing here is imported before it is needed."""
