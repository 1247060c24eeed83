"""Gracyk 2025, Complex variational autoencoders admit Kähler structure, arXiv:2511.15172."""
