"""What a buyer means to buy, what was shown, and what came of it."""
