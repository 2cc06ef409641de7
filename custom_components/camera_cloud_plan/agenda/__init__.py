"""What comes for an account's plans, day by day: for the calendar, and as a file."""
