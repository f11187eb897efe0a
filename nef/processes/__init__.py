"""How the processes of one service on one machine talk to each other."""
