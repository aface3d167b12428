"""The floor under a round: every feed downloaded by a bare pycurl loop, and nothing done with it.

    python -m bench.fetch_only URLS STATE

One process, 64 connections, never asleep while there is work. `STATE` keeps
the ETags between rounds, so that the second is one of 304s.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pycurl

CONNECTIONS = 64


def fetch(urls: list[str], etags: dict[str, str]) -> dict[str, str]:
    """Ask for every URL, with its ETag where there is one; the ETags of the answers."""
    answered = dict(etags)
    multi = pycurl.CurlMulti()
    multi.setopt(pycurl.M_MAX_TOTAL_CONNECTIONS, CONNECTIONS)
    idle = [pycurl.Curl() for _ in range(CONNECTIONS)]
    waiting = list(reversed(urls))
    active = 0
    while waiting or active:
        while waiting and idle:
            handle = idle.pop()
            _ask(handle, waiting.pop(), answered)
            multi.add_handle(handle)
            active += 1
        multi.perform()
        _, done, failed = multi.info_read()
        if failed:
            raise SystemExit(f"{failed[0][2]}: {failed[0][0].getinfo(pycurl.EFFECTIVE_URL)}")
        for handle in done:
            multi.remove_handle(handle)
            idle.append(handle)
            active -= 1
        if not done and active:
            multi.select(0.1)
    return answered


def _ask(handle: pycurl.Curl, url: str, etags: dict[str, str]) -> None:
    def header(line: bytes) -> None:
        if line[:5].lower() == b"etag:":
            etags[url] = line[5:].strip().decode("latin-1")

    handle.setopt(pycurl.URL, url)
    handle.setopt(pycurl.HTTPHEADER, [f"If-None-Match: {etags[url]}"] if url in etags else [])
    handle.setopt(pycurl.ACCEPT_ENCODING, "")
    handle.setopt(pycurl.HEADERFUNCTION, header)
    handle.setopt(pycurl.WRITEFUNCTION, len)


def main() -> None:
    """Read the command line, fetch, keep the ETags."""
    urls, state = Path(sys.argv[1]), Path(sys.argv[2])
    etags = json.loads(state.read_text()) if state.exists() else {}
    state.write_text(json.dumps(fetch(urls.read_text().split(), etags)))


if __name__ == "__main__":
    main()
