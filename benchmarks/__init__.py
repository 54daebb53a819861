"""Benchmarks, reported as ratios measured in one run, and a demo over HTTP."""
