"""Meal cards: who has one, what may be done with it, every trade on it; the money is the ledger's."""
