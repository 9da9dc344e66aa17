"""The SQL log and tables, one file per noun; each function runs inside the transaction of its caller."""
