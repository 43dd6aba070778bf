"""From report SQL to rows."""
