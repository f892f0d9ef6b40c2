"""What whoever runs the desk wants to know of it: figures that metrics and the doctor share."""
