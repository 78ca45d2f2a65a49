"""What each ``kassa`` command does; a command's imports are paid for only when it runs."""
