"""Reports: what was promised and what became of it, and what will not be kept at the present pace."""
