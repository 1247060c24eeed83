"""The writers of Markdown pages, a file a page or a part of one."""
