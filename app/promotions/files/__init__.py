"""Campaign files: read with the line of every key, checked, and turned into campaigns."""
