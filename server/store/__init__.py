"""The SQL log and tables, one file per noun; each function takes a connection and runs inside the transaction of its caller."""
