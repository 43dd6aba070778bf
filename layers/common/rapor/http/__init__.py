"""The doors: API Gateway's requests in, answers out."""
