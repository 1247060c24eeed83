"""Benchmarks of the kernels, a page for each page of `vaebench.kernels` that costs time."""
