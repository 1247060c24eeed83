"""Camuto & Willetts 2021, Variational Autoencoders: A Harmonic Perspective, arXiv:2105.14866."""
