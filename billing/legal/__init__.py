"""What Spanish law asks of an invoice besides its figures: the chained record (huella) and the QR code."""
