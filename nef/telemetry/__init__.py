"""What an operator sees of the service: who asked, how long it took, and whether it still works."""
