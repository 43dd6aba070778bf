"""
Rows to documents.

Every writer has one shape: it takes what the document says about itself, the columns, an iterator of
batches and a sink, streams in bounded memory, and says what it wrote.
"""
