"""Benchmarks: numbers, never timed tests. ``python -m tests.bench`` (``make bench``) runs them."""
