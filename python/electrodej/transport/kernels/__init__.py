"""Compiled parts of the transport solver."""
