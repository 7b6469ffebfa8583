"""Networks: populations that reach each other, and what they do."""
