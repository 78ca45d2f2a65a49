"""From our types to Stripe's parameters: pure, and typed by Stripe's own published dictionaries."""
