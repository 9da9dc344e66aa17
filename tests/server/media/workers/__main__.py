"""A worker that ends before it has read anything."""
