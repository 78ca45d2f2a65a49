"""From Stripe's objects to our types: pure, with a table for each of Stripe's enums; what is not in it is UNKNOWN."""
