"""FastAPI: application, authentication, problems, API and console."""
