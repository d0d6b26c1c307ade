"""People who work for a brand: who they are, what they may, how they prove it."""
