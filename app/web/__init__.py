"""What every page shares: rendering, reading forms, errors, and the browser's session."""
