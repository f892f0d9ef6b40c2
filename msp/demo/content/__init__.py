"""The demo's content: companies, names, things and the scripts of conversations."""
