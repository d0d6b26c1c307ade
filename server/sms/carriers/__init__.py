"""Carriers: whoever takes a text and brings it to a telephone, each behind the same port."""
