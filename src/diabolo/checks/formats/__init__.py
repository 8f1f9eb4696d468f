"""How findings are printed: text for people, JSON, GitHub annotations, SARIF."""
