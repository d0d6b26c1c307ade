"""A shop to try things in: made-up places, dishes and devices. Refuses to touch a database."""
