"""The console: pages for every role, made on the server from the same functions that the API calls."""
