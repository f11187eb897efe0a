"""What the network can do for one UE, live: in a terminal, or as lines of JSON."""
