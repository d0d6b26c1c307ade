"""How a screen becomes a device of a shop."""
