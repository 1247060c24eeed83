"""The writers of Markdown pages of what is shown; `words` and `tables` write their own."""
