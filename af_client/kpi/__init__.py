"""The study's requirements P.R.6.1-001 to -004, each model and application held against them."""
