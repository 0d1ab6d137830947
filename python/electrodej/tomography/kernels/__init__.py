"""Compiled code of tomography."""
