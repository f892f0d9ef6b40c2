"""Client companies, the tenants of the desk, and their chat connections.

- `actions`: add and change clients; connect workspaces
- `deactivation`: signs out the people of a deactivated client
- `queries`: clients and their connections
- `platforms`: registry of chat and mail platforms
- `billing_data`: checks what invoices carry: names, addresses, tax numbers
- `tax_regime`: the tax regime between provider and client
- `events`: events of clients and connections
- `models`: clients, connections, unknown workspaces
"""
