"""Who somebody is: people, sessions, sign-in, and the billing accounts they manage."""
