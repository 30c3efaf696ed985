"""Python runs this at its start where libnss-wrapper is loaded.

The wrapper reads its hosts file at the first lookup, and two first lookups on two threads crash the process. One
lookup before there are threads leaves only readers.
"""

import socket

socket.getaddrinfo("127.0.0.1", None)
