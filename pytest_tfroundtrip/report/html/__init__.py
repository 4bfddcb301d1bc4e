"""The report as one HTML file: readable without scripts, a picture to ask with them."""
