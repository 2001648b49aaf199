"""`python -m roadsigns.app.health`: whether the app on this machine's PORT answers, as an exit status."""

from __future__ import annotations

import http.client
import os
import sys


def main() -> int:
    """0 when the page is served, 1 with a line on stderr when not."""
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT") or 8000), timeout=2)
    try:
        connection.request("HEAD", "/")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        print(f"roadsigns app: {error}", file=sys.stderr)
        return 1
    finally:
        connection.close()
    return 0 if status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
