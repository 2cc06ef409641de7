"""The renewal request definition: how a maker is asked to turn auto-renewal off, as data.

Where nobody knows the request that a maker's own page sends, an owner can see it once in
their browser and hand it over. docs/renewal-request.md tells how; the format is published
as docs/renewal-request.schema.json. Nothing in a definition is trusted: `reader` lets it
lead to the maker's own hosts only, takes no secret, and refuses it if any word in it buys,
pays, signs, grants, deletes or uploads (`deny_list`). What passed is a value of `model`.
"""

from .model import (
    AnswerRules,
    Body,
    DefinitionError,
    DefinitionFlaw,
    Method,
    Placeholder,
    RenewalRequest,
    RenewalWitness,
    RequestTemplate,
)
from .reader import parse, preload

__all__ = [
    "AnswerRules",
    "Body",
    "DefinitionError",
    "DefinitionFlaw",
    "Method",
    "Placeholder",
    "RenewalRequest",
    "RenewalWitness",
    "RequestTemplate",
    "parse",
    "preload",
]
