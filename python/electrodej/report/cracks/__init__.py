"""Cracks of the particles: their figure and their section of the report."""
