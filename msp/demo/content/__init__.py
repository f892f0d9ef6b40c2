"""What the demo is made of: companies, names, things and the scripts of conversations."""
