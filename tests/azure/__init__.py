"""The simulated cloud: one state object behind a proxy that takes TLS off, and the real ``az`` in front of it.

- ``state`` is all that there is to know (``Cloud``); ``changes_*`` change it in Azure's own terms; ``resources`` makes
  its JSON from the recordings, ``store`` keeps it, ``views`` shows it by api-version.
- ``server`` is the proxy, ``routing`` finds the handler of a host: ``entra``, ``arm`` (with ``authorization`` and
  ``resourcegraph``), ``graph``, ``registry``, ``kubernetes``.
- ``faults`` makes requests fail, ``log`` tells what was asked and how long the chain was.
- ``az`` runs the real CLI; ``simulation`` and ``process`` put it all together for demos and measurements.
"""
