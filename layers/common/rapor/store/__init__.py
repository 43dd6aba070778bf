"""Where reports and documents are kept: DynamoDB and S3."""
