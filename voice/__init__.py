"""The telephone line: hears and speaks. Knows no sibling package."""
