"""The guided screens that Repairs opens, one room for each kind of issue."""
