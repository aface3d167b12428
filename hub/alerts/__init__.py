"""Messages to people about feeds that need somebody: what they say, and how they are sent."""
