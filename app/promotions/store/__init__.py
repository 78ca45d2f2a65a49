"""The tables of promotions: the only place in this room that speaks SQL. Every function works in its caller's
transaction."""
