"""One-machine stand-in for the AWS around the functions; never deployed."""
