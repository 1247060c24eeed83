"""Nakagawa, Kato & Suzuki 2021, VAE as a Non-linearly Scaled Isometric Embedding, arXiv:2007.15190."""
