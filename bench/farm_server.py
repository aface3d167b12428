"""Serves a farm where nginx is missing: `python bench/farm_server.py DIR HOSTS PORT`, HOSTS being a file.

With validators and 304s as nginx has them, at a fraction of its speed.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
from pathlib import Path

from aiohttp import web

_SPARE = 512  # descriptors beside one for each host


async def _home(_: web.Request) -> web.Response:
    return web.Response(text="<!doctype html><title>member</title>", content_type="text/html")


async def serve(folder: Path, hosts: list[str], port: int) -> None:
    """Serve until ended; the process's number is in nginx.pid, where `farm.py stop` looks for it."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(len(hosts) + _SPARE, most), most))
    app = web.Application()
    app.router.add_get("/", _home)
    app.router.add_static("/", folder / "root")
    runner = web.AppRunner(app, access_log=None, handle_signals=True)
    await runner.setup()
    assert runner.server is not None
    server = await asyncio.get_running_loop().create_server(runner.server, hosts, port)
    (folder / "nginx.pid").write_text(str(os.getpid()))
    try:
        await server.serve_forever()
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), Path(sys.argv[2]).read_text().split(), int(sys.argv[3])))
