"""Views of the same plain rows: JSON, the terminal. Knows neither pytest nor numpy."""
