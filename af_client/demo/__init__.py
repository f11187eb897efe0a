"""The demonstration: every program of the project, a radio that fades, and what becomes of it."""
