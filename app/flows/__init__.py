"""What people and the vendor set in motion: each flow is a function over ``Deps``."""
