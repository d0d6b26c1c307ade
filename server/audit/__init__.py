"""Who did what: lines that are written before an action begins and never changed."""
