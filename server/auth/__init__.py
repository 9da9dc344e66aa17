"""Sign-in: passwords, sessions, throttling."""
