"""What connects the desk with other systems; the packages do not import each other.

- `installed`: which channels this product has
- `channels`: shared code of chat systems
- `slack`, `teams`, `mail`: one plug-in each
- `webhooks`: signed POSTs to other programs
"""
