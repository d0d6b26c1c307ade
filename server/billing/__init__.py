"""The ledger: what is bought or earned in advance, held, used, given back and counted."""
