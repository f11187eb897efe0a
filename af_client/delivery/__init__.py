"""Delivery of models over the user plane; `docs/delivery.md` is the norm of its messages."""
