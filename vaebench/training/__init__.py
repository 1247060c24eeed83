"""One training loop for every model: interventions, checks of the first step, and the steps."""
