"""What a column computation is: nodes, the function table, and the public expression."""
