"""Compiled parts of the measures of phases."""
