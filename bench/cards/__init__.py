"""Meal cards at the HTTP edge."""
