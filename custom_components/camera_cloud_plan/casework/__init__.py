"""Open cancellations: kept on disk, worked on when it is time, shown as Repairs issues."""
