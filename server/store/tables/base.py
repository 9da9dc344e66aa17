"""Base: what all tables have in common."""

from sqlalchemy import BigInteger, Integer, MetaData

metadata = MetaData()

# SQLite makes only an INTEGER key the row id itself; its integers have 64 bits all the same.
Count = BigInteger().with_variant(Integer(), "sqlite")
