"""Between the wire and `messages`: the field names of 3GPP live here and nowhere else."""
