"""Invoice records by Spanish law.

- `huella`: VERI*FACTU records and their chain
- `qr`: the tax QR
"""
