"""sindri.yaml: found, read with line numbers, validated into values, described by a schema, written for a start.

``document`` reads, ``validation`` checks, ``remembered`` spares checking twice; ``schema``, ``show`` and ``initial``
write. Nothing is imported here: only ``validation`` and ``schema`` need pydantic, which costs more than all the rest.
"""
