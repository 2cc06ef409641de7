"""What can be asked for: an action's own fields and answer, a module for each matter."""
