"""The company's own data: plans, add-ons and the rules that the store owns, read from one TOML file."""
