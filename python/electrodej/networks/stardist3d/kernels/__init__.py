"""Compiled loops of this room, imported when they are needed."""
