"""The commands of `nef` that look at something and end, one file a noun."""
