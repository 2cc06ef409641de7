"""The file for a dispute: what an account's ledger knows of one camera, for another person.

Rows of other cameras are withheld: such a row is there with its digest alone. A row's hash is
over its predecessor's hash and that digest, so the chain is checked across it all the same.
"""
