"""Mail in the suite: outgoing only."""
