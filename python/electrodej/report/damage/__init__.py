"""Damage explained: its figures and its sections of the report."""
