"""In numpy's place for the daemon: the tests need numpy, the product does not bring it.

sqlite-utils imports it where it is there, which is a tenth of a second of CPU of every start.
"""

raise ImportError("numpy is not among what Callwarden installs")
