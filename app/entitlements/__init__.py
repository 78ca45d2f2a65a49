"""What a customer may use: pure rules, desired state, and the way it reaches the product."""
