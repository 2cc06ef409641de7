"""What signing a request and opening an answer cost, side by side with two others.

The same bodies go through our code with OpenSSL's RC4, through our code with the RC4 in
Python that stands in where OpenSSL refuses, and through mijiaAPI, an independent client,
which runs in an environment of its own.

===============  ===============================================================
``__main__``     the command: takes turns, makes the table
``subjects``     the three ways to do the same work
``other_client`` mijiaAPI as a process that works on request
===============  ===============================================================
"""
