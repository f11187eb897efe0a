"""Two questions put to the system: what per-flow reliability buys, and what losses cost."""
