"""Clients: web pages (TypeScript) and the Python command line. They share bytes with the server, not code."""
