"""Images as the distribution specification knows them."""
