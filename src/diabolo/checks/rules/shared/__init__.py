"""What rules of several families use: walks through graphs, what a model is trained for, and edits."""
