"""One loop trains every model: interventions, the first step's look at a variant, and the steps."""
