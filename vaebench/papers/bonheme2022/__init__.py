"""Bonheme & Grzes 2022, How do Variational Autoencoders Learn?, arXiv:2205.08399."""
