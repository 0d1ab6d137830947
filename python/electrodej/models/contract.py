"""The names that a model for Fiji has: what lies in its zip, and what is fed and fetched."""

from __future__ import annotations

MODEL_FILE = "saved_model.pb"
VARIABLES = "variables/"
TAG = "serve"
SIGNATURE = "serving_default"
INPUT = "input"
OUTPUT = "output"
