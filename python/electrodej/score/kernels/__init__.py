"""The compiled inner loops of the scores. Nothing here is imported before it is needed."""
