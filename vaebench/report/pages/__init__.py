"""The writers of Markdown pages of what is shown, a file a page or a part of one; `words` and `tables` write their own."""
