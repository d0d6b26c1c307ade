"""What became of messages on their telephones: taken quickly, settled later, never lost."""
