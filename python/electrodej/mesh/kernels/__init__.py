"""Compiled work on surfaces."""
