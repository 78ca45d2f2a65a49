"""What groups use: counted, shown, and told before it runs out."""
