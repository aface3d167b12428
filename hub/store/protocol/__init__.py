"""What the rest of the hub may ask of a database, by subject: the parts of the Store protocol."""
