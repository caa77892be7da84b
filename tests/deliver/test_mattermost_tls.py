"""A server whose certificate only its own company knows."""

import http.server
import json
import ssl
import subprocess
import threading
from pathlib import Path

import pytest

from livestatus_site.env import load
from sessions_app.deliver.mattermost import Mattermost, Unreachable
from tests.deliver.steps import SECRET, raised


class Me(http.server.BaseHTTPRequestHandler):
    """Knows who the bot is, and nothing else."""

    def do_GET(self) -> None:
        body = json.dumps({"id": "b" * 26, "username": "live-status", "is_bot": True}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Server(http.server.ThreadingHTTPServer):
    """Says nothing of clients that go away because they do not trust it."""

    def handle_error(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate that no authority has signed, and its key, for this address and an hour or so."""
    folder = tmp_path_factory.mktemp("tls")
    made, key = folder / "server.pem", folder / "server.key"
    subprocess.run(
        ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=chat.example.com",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", made),
        check=True, capture_output=True,
    )  # fmt: skip
    return made, key


@pytest.fixture
def url(certificate: tuple[Path, Path]):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with Server(("127.0.0.1", 0), Me) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"https://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_it_is_not_trusted_and_the_sentence_names_the_setting(url: str) -> None:
    with Mattermost(url, SECRET) as client:
        assert "MM_CA_FILE" in raised(Unreachable, client.me).sentence


def test_it_is_trusted_when_the_setting_names_its_certificate(url: str, certificate: tuple[Path, Path]) -> None:
    env = load({"MM_CA_FILE": str(certificate[0])})
    assert env.problems == ()
    with Mattermost(url, SECRET, ca_file=str(env.mm_ca_file)) as client:
        assert client.me().username == "live-status"


def test_a_key_is_no_certificate(certificate: tuple[Path, Path]) -> None:
    assert "holds no certificate" in load({"MM_CA_FILE": str(certificate[1])}).problems[0]
