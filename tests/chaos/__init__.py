"""The product under kills, freezes, cuts and wrong clocks, with a history that is checked (docs/wire.md, issue 3)."""
