"""Selling with a campaign: links, codes, claims and discounts on an order's way, and what marketing does and sees."""
