"""Plans that their owner types in: the forms, the table, and what follows from a change."""
