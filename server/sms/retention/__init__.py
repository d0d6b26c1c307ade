"""What is forgotten of messages, and when."""
