"""What we promise to programs of others."""
