"""What the report pages of the desk and of the portal share: questions read from addresses, tables, files."""
