"""The names that a model for Fiji has: what lies in its zip, and what is fed and fetched."""

from __future__ import annotations

# Of the zip in a folder that also holds the weights it was made of.
ZIP = "model.zip"
MODEL_FILE = "saved_model.pb"
VARIABLES = "variables/"
TAG = "serve"
SIGNATURE = "serving_default"
INPUT = "input"
OUTPUT = "output"
