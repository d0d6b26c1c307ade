"""A kitchen board in a real browser: a long day, and a full board under fingers."""
