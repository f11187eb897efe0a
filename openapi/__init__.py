"""The contracts of the APIs, one OpenAPI document each, as package data."""
