"""Search: what people type finds what was written, for whoever may see it."""
