"""What runs the programs of docs/MERCHANTS.md."""
