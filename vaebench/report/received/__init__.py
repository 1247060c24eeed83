"""What speaks against a record that somebody sent: it must be possible, complete and of one piece."""
