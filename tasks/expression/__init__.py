"""Expressions: finding them in text, checking what they refer to, and evaluating them."""
