"""One module for each group of pages: read the request, call one flow, render."""
