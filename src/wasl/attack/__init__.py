"""What an adversary gets out of encodings and of releases, measured."""
