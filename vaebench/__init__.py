"""vaebench: a benchmark suite for variational autoencoders that checks claims, not just scores."""

__version__ = "0.2.0.dev0"
