"""Hours of an ordinary day, and whether the server is at the end what it was at the beginning: ``make soak``."""
