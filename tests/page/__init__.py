"""The page's pure functions, tested by Node."""
