"""What it costs to keep a ledger of very many rows, side by side with two other ways to keep it.

The same rows, chained in the same way, are kept in the ledger's file, in a JSON store as Home
Assistant's own (written whole each time), and in SQLite.

============  ===========================================================================
``__main__``  the command: takes turns, flips bytes, makes the tables
``keepers``   the three ways to keep the same rows
============  ===========================================================================
"""
