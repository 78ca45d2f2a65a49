"""The end of a term: whether it renews and as what, paying it by hand, and the mails about it."""
