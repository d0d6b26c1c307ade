"""Tells business services what became of their calls: a signed POST to the URL each one named."""
