"""Programs that benchmarks run beside the library, and how they are timed."""
