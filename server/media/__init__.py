"""Photos: decoded and encoded anew where nothing is lost when that goes wrong, and kept by what they are."""
