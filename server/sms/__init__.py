"""Short messages: what they cost, how they go out once, and what became of them."""
