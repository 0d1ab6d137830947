"""Loops over boxes, compiled."""
