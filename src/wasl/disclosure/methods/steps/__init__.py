"""The protection methods as steps of a policy."""
