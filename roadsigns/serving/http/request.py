"""A request, and the reader that finds requests in the bytes of a connection.

llhttp reads them, by way of httptools. What two readers could understand differently is refused, since a request that
ends elsewhere for the next server than for this one carries a second request inside.

Source: RFC 9112 (HTTP/1.1; section 3.2 on the target and Host, 6.1 on Transfer-Encoding, 11.2 on smuggling), RFC 9110
(section 7.8 on Upgrade, 10.1.1 on Expect).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import httptools

from .limits import Limits

MAX_HEAD_BYTES = 65_536
"""Request line and headers together."""

_CHUNK = 6
"""The most bytes that frame a chunk of one byte, rounded up."""

_MAX_DIGITS = 18


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """A request that has arrived in full.

    Attributes:
        verb: `GET`, `POST`, ...
        target: path and query as sent, percent-encoded.
        headers: values by lower-case name; equal names are joined by commas.
        body: as sent, freed of chunks.
        keep_alive: whether the client wants to go on.
        version: of HTTP, `1.1`.
        fields: names and values of the headers, as sent.
    """

    verb: str
    target: str
    headers: dict[bytes, bytes]
    body: bytes
    keep_alive: bool = True
    version: str = "1.1"
    fields: list[tuple[bytes, bytes]] = field(default_factory=list)

    def header(self, name: bytes) -> str:
        """The value of a header, `""` if there is none."""
        return self.headers.get(name, b"").decode("latin-1")


@dataclass
class HeldBytes:
    """Bytes of all bodies at one port whose requests are not answered yet."""

    count: int = 0


@dataclass(frozen=True)
class Refusal:
    """Why no more requests are read.

    Attributes:
        status: HTTP status code.
        message: what the client is told.
    """

    status: int
    message: str


class RequestReader:
    """Reads the requests of one connection.

    Args:
        limits: of a body and of all bodies.
        held: counts the bytes of bodies; whoever answers a request takes its body off the count.

    Attributes:
        partial: whether a request has arrived in part.
        body_bytes: how much of its body has arrived.
        asks: whether the client waits for `100 Continue` before it sends the body.
        refusal: why nothing more is read; None as long as all is well.
    """

    def __init__(self, limits: Limits, held: HeldBytes) -> None:
        self._limits = limits
        self._held = held
        self._parser = httptools.HttpRequestParser(self)
        self._done: list[Request] = []
        self.partial = False
        self.refusal: Refusal | None = None
        self.body_bytes = 0
        self._pieces: list[bytes] = []
        self._target = b""
        self._head_bytes = 0
        self._forget()

    def feed(self, data: bytes) -> list[Request]:
        """Read more bytes. Returns the requests that are complete now, in their order."""
        self._raw_bytes += len(data)
        rest = memoryview(data)
        self.partial = True
        while rest and not self.refusal:
            try:
                self._parser.feed_data(rest)
                break
            except httptools.HttpParserUpgrade as upgrade:
                rest = rest[upgrade.args[0] :]
                self._read_without_upgrade()
            except httptools.HttpParserError as error:
                self.refuse(400, f"Malformed HTTP: {error}")
        if self._raw_bytes - (1 + _CHUNK) * self.body_bytes > MAX_HEAD_BYTES:
            self._refuse_head()
        done, self._done = self._done, []
        return done

    def refuse(self, status: int, message: str) -> None:
        """Read nothing more."""
        if not self.refusal:
            self.refusal = Refusal(status, message)
            self.drop()

    def drop(self) -> None:
        """Forget the body that was arriving."""
        self._held.count -= self.body_bytes
        self.body_bytes = 0
        self._pieces = []

    # What httptools calls.

    def on_message_begin(self) -> None:
        """A request begins."""
        self.partial = True

    def on_url(self, url: bytes) -> None:
        """A piece of the request's target."""
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header line, or a trailer."""
        if self._headed:
            return
        value = value.rstrip(b" \t")
        self._head_bytes += len(name) + len(value) + 4
        self._fields.append((name, value))
        name = name.lower()
        if name in self._headers:
            value = self._headers[name] + b", " + value
            if name == b"host":
                self.refuse(400, "A request needs one Host header")
        self._headers[name] = value

    def on_headers_complete(self) -> None:
        """The body begins."""
        self._headed = True
        headers, version = self._headers, self._parser.get_http_version()
        size = headers.get(b"content-length", b"0")
        coding = headers.get(b"transfer-encoding")
        if self._head_bytes + len(self._target) > MAX_HEAD_BYTES:
            self._refuse_head()
        elif len(size) > _MAX_DIGITS or int(size) > self._limits.body_bytes:  # digits: the parser has seen to that
            self._refuse_body()
        elif version not in ("1.0", "1.1"):
            self.refuse(505, f"HTTP/{version} is not spoken here: expected HTTP/1.1")
        elif coding is not None and version == "1.0":
            self.refuse(400, "HTTP/1.0 has no Transfer-Encoding")
        elif coding is not None and coding.lower() != b"chunked":
            self.refuse(501, f"Invalid Transfer-Encoding: expected chunked. Received: {_text(coding)}")
        elif b"host" not in headers and version == "1.1":
            self.refuse(400, "A request needs one Host header")
        else:
            self._read_target()
        self.asks = version == "1.1" and headers.get(b"expect", b"").lower() == b"100-continue"

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        if self.refusal:
            return
        self._pieces.append(body)
        self.body_bytes += len(body)
        self._held.count += len(body)
        if self.body_bytes > self._limits.body_bytes:
            self._refuse_body()
        elif self._held.count > self._limits.held_bytes:
            self.refuse(503, "The server is busy with other large requests; try again later")

    def on_message_complete(self) -> None:
        """A request is here in full."""
        if self.refusal or self._parser.should_upgrade():
            return
        self._done.append(
            Request(
                self._parser.get_method().decode("latin-1"),
                self._target.decode("latin-1"),
                self._headers,
                self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces),
                self._parser.should_keep_alive(),
                self._parser.get_http_version(),
                self._fields,
            )
        )
        self._forget()
        self.partial = False

    def _read_target(self) -> None:
        """Take the path out of an absolute target, whose server must be the one that Host names."""
        target = self._target
        if not target.isascii():
            self.refuse(400, "A path is ASCII: percent-encode other characters")
        if target.startswith(b"/") or b"://" not in target:
            return
        authority, slash, path = target.partition(b"://")[2].partition(b"/")
        if authority.lower() != self._headers.get(b"host", authority).lower():
            self.refuse(400, "Host and the target name two servers: this server speaks for itself only")
        self._target = b"/" + path if slash else b"/"

    def _read_without_upgrade(self) -> None:
        """Read a request as one that does not ask for another protocol; the parser has taken its headers only."""
        verb = self._parser.get_method()
        if verb == b"CONNECT":
            self.refuse(400, "This server is no proxy")
            return
        lines = [b"%b: %b\r\n" % each for each in self._fields if each[0].lower() not in (b"upgrade", b"connection")]
        if b"close" in self._headers.get(b"connection", b"").lower():
            lines.append(b"Connection: close\r\n")
        head = b"%b %b HTTP/1.1\r\n%b\r\n" % (verb, self._target, b"".join(lines))
        self._parser = httptools.HttpRequestParser(self)
        self._forget()
        self._parser.feed_data(head)

    def _refuse_head(self) -> None:
        self.refuse(431, f"Request line and headers are larger than {MAX_HEAD_BYTES} bytes")

    def _refuse_body(self) -> None:
        self.refuse(413, f"The body is larger than {self._limits.body_bytes} bytes{self._limits.body_hint}")

    def _forget(self) -> None:
        """Begin a new request."""
        self._headed = False
        self._target = b""
        self._headers: dict[bytes, bytes] = {}
        self._fields: list[tuple[bytes, bytes]] = []
        self._pieces = []
        self.body_bytes = 0
        self.asks = False
        self._raw_bytes = self._head_bytes = 0


def _text(value: bytes) -> str:
    return repr(value[:80].decode("latin-1"))
