"""The training step: what most of a run's time goes into."""
