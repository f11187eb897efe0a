"""The HTTP side of the service."""

import warnings

# connexion imports starlette's test client, which warns about its HTTP library. We use neither.
warnings.filterwarnings("ignore", message="Using `httpx` with `starlette.testclient`")
