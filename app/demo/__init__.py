"""A stand-in for the software product being sold, "Forge": its people and groups, its sign-in, its API for the store.

It stands where a real product would: another origin, another database, and nothing of the store but the address.
"""
