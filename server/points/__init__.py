"""Points: earned by buying and by showing what was bought, exchanged for gifts; each source counts once."""
