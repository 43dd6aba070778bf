"""One machine playing the AWS around the functions; never deployed."""
