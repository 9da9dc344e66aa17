"""HTTP and WebSocket doors, one file per noun; routes.py is the table of them all."""
