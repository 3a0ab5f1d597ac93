"""The daemon beside its peers, under the same load; docs/BENCHMARKS.md says how to run it."""
