"""The only code that writes service state: database, files, migrations."""
