"""Measurements of the whole system; nothing here is a test, and no figure is asserted."""
