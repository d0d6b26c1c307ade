"""What a kitchen's days came to: how long dishes took, how many were late, when orders came."""
