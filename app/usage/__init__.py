"""What groups use: the product's figures as they were last read, a graph of them, and when somebody has to be told."""
