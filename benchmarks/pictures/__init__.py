"""Pictures of what tasks rate, made by hand; `reference_results/pictures` has them."""
