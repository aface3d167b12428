"""Serve the installed wheel's shipped network from an empty folder, and fetch its pages."""

import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import hub

PATHS = ("/", "/members", "/tags", "/subscribe", "/status", "/feeds/all.atom", "/opml", "/healthz")

shipped = Path(hub.__file__).with_name("feeds.yaml")
command = [Path(sys.executable).with_name("hub"), "serve", "--port", "0", "--config", shipped]
with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
    try:
        assert server.stderr is not None
        greeting = server.stderr.readline()
        found = re.search(r"http://[\d.:]+", greeting)
        assert found, greeting
        for path in PATHS:
            with urllib.request.urlopen(found[0] + path, timeout=20) as answer:
                body = answer.read()
                assert answer.status == 200, (path, answer.status)
                assert body, path
                print(f"{path}: {len(body)} bytes of {answer.headers['Content-Type']}")
                for style in re.findall(rb'href="(/static/[^"]+)"', body)[:1]:
                    urllib.request.urlopen(found[0] + style.decode(), timeout=20).close()
    finally:
        server.terminate()
assert server.returncode == 0, server.returncode
