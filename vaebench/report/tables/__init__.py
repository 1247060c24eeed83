"""The tables that readers take away: their columns, their rows, and descriptions for people and programs."""
