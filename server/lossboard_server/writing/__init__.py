"""Everything that changes the database, each in a transaction of the one writer."""
