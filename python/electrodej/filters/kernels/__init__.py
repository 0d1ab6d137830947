"""Compiled code of the filters."""
