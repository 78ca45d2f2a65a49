"""What comes in from the vendor, what goes out, and the record of who did what."""
