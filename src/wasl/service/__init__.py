"""One function per thing a user can do: check, compute, record, commit."""
