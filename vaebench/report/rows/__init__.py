"""What the board shows: which records, one row each, where each stands, and how far it can be trusted."""
