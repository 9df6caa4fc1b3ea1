"""What protection costs the users of a file."""
