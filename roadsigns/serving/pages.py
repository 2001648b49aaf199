"""Pages for people: what is served here, and how to call it.

Their links are relative, so that they work below a path prefix, too, which a proxy strips.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import math
import re
from html import escape
from typing import Any
from urllib.parse import quote

from ..errors import RequestError
from .models.manager import Manager
from .models.servable import Servable
from .protocol.signature import Signature, TensorSpec

HTML = "text/html; charset=utf-8"
TEXT = "text/plain; charset=utf-8"

MAX_NUMBERS = 4096
"""A sample with more values than this is nothing to paste."""

_HOST = re.compile(r"[0-9A-Za-z.:\[\]_-]{1,255}")
_NOWHERE = "localhost:8501"

_STYLE = """
:root { color-scheme: light dark }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem }
table { border-collapse: collapse; display: block; overflow-x: auto }
caption { text-align: left; font-weight: bold; padding: .5rem 0 }
th, td { border: 1px solid GrayText; padding: .25rem .75rem; text-align: left; vertical-align: top }
pre { border: 1px solid GrayText; padding: .75rem; overflow: auto; max-height: 10rem; white-space: pre }
"""

# Only the browser knows the address that people call, where proxies stand between: the lines to paste get that one.
_SCRIPT = """
const {address} = document.querySelector("main").dataset, here = new URL(".", location).href.replace(/\\/$/, "")
if (/^[\\w:/.%~\\[\\]-]+$/.test(here))
  for (const code of document.querySelectorAll("pre code")) code.textContent = code.textContent.replace(address, here)
"""

FIELDS = (
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; script-src "
    f"'sha256-{base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()}'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
)
"""What goes with the pages: nothing is fetched, and the one script is theirs."""


def _page(title: str, body: str, address: str = "") -> bytes:
    script = f"<script>{_SCRIPT}</script>\n" if address else ""
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{escape(title)}</title>\n'
        f'<style>{_STYLE}</style>\n</head>\n<body>\n<main data-address="{address}">\n<h1>{escape(title)}</h1>\n'
        f"{body}</main>\n{script}</body>\n</html>\n"
    ).encode("utf-8", "replace")


def not_found(path: str) -> bytes:
    """The page at every path that is none."""
    root = "../" * (path.count("/") - 1) or "./"
    body = f'<p>The API is below <code>/v1/</code>; <a href="{root}">what is served here</a>.</p>\n'
    return _page("Not found", body)


def index(manager: Manager, host: str, metrics_path: str | None) -> bytes:
    """The page at `/`.

    Args:
        manager: has the models.
        host: what the request calls this server; goes into the lines to paste, unless it is no host's name.
        metrics_path: where the metrics are.
    """
    address = f"http://{host if _HOST.fullmatch(host) else _NOWHERE}"
    links = ['<a href="./readyz">ready?</a>', '<a href="./healthz">alive?</a>']
    if metrics_path is not None:
        links.append(f'<a href=".{escape(metrics_path)}">metrics</a>')
    body = "<p>A model server that speaks TensorFlow Serving's REST API.</p>\n"
    body += f"<p>{' · '.join(links)}</p>\n"
    for name, servables in sorted(manager.models().items()):
        body += _model(manager, name, servables, address)
    return _page("roadsigns model server", body, address)


def _model(manager: Manager, name: str, servables: list[Servable], address: str) -> str:
    path = f"/v1/models/{quote(name, safe='')}"
    text = f"<section>\n<h2>{escape(name)}</h2>\n"
    text += f'<p><a href=".{path}">status</a> · <a href=".{path}/metadata">metadata</a></p>\n'
    text += _versions(manager, name)
    if servables:
        newest = max(servables, key=lambda each: each.version)
        for key, signature in newest.signatures.items():
            text += _signature(key, signature, f"{address}{path}:predict")
    return f"{text}</section>\n"


def _versions(manager: Manager, name: str) -> str:
    try:
        found = sorted(manager.status(name), key=lambda each: -each.version)
    except RequestError:
        return "<p>No version yet.</p>\n"
    rows = "".join(
        f"<tr><td>{each.version}</td><td>{escape(each.state)}</td><td>{escape(each.error_message)}</td></tr>\n"
        for each in found
    )
    return f"<table>\n<caption>Versions</caption>\n{_heads('version', 'state', 'error')}{rows}</table>\n"


def _signature(name: str, signature: Signature, url: str) -> str:
    rows = "".join(_tensor("input", key, spec) for key, spec in signature.inputs.items())
    rows += "".join(_tensor("output", key, spec) for key, spec in signature.outputs.items())
    text = f"<h3><code>{escape(name)}</code></h3>\n"
    text += f"<table>\n<caption>Inputs and outputs</caption>\n{_heads('', 'name', 'dtype', 'shape')}{rows}</table>\n"
    body = predict_body(name, signature)
    if body is not None:
        line = f"curl {url} -d {_quoted(body)}"
        text += f'<p>To try it:</p>\n<pre tabindex="0"><code>{escape(line)}</code></pre>\n'
    return text


def _tensor(side: str, name: str, spec: TensorSpec) -> str:
    shape = "any" if spec.shape is None else f"({', '.join(map(str, spec.shape))})"
    cells = "".join(f"<td>{escape(each)}</td>" for each in (side, name, spec.dtype_word, shape))
    return f"<tr>{cells}</tr>\n"


def _heads(*names: str) -> str:
    cells = "".join(f'<th scope="col">{name}</th>' for name in names)
    return f"<tr>{cells}</tr>\n"


def _quoted(text: str) -> str:
    """`text` as one word of a POSIX shell."""
    return "'" + text.replace("'", "'\\''") + "'"


def predict_body(name: str, signature: Signature) -> str | None:
    """The body of a predict call of signature `name`, in columnar form.

    Numbers are 1, sizes left open are 1, and a string whose name ends in `_bytes` is a grey PNG of 32x32 pixels. None
    if it would be longer than anybody wants to paste, or if JSON has no values of a dtype.
    """
    inputs = {}
    for key, spec in signature.inputs.items():
        sizes = [max(size, 1) if size else 0 for size in spec.shape or ()]
        leaf = _leaf(key, spec)
        if leaf is None or math.prod(sizes) > MAX_NUMBERS:
            return None
        inputs[key] = _filled(leaf, sizes)
    return json.dumps({"signature_name": name, "inputs": inputs}, separators=(",", ":"))


def _leaf(name: str, spec: TensorSpec) -> Any:
    if spec.dtype == "DT_STRING":
        return {"b64": base64.b64encode(_grey_png()).decode()} if name.endswith("_bytes") else "text"
    if spec.dtype == "DT_BOOL":
        return True
    return None if spec.dtype in ("DT_HALF", "DT_UINT16") else 1


def _filled(leaf: Any, sizes: list[int]) -> Any:
    for size in reversed(sizes):
        leaf = [leaf] * size
    return leaf


def _grey_png() -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.new("L", (32, 32), 128).save(file, "PNG")
    return file.getvalue()
