"""One service in several processes, of which one has the network at a time."""
