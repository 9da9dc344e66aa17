"""Intake: reads city cameras and alert sources; knows no user and decides nothing about people."""
