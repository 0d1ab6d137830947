"""The compiled inner loops of the fusion. Nothing here is imported before it is needed."""
