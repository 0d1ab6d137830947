"""What is in a model's file, read without running anything of it: only what computes is let through."""
