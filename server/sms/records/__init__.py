"""What was asked, what is to be sent, and what became of it, as it stands in the database."""
