"""The commands of `af-client`, one file a noun.

Each imports what it needs when it runs: what trains or draws takes long to load, and `--help` none.
"""
