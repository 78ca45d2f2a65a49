"""Mails: one frozen dataclass each, their rendering, and the ways they are sent."""
