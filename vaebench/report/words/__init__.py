"""How the board says things: numbers, names, conditions and effects, in Markdown, for people."""
