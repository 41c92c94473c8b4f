"""A HAR that Chromium's own developer tools write: `chromium_har.py BROWSER PAGE SCRIPT FILE`.

Headless Chromium opens PAGE, and a second tab the front end of the developer tools, which inspects the first one: the panel that people use, with its own
network log and its own HAR writer. SCRIPT (JavaScript, a promise) is then run in the page, and what the log has of it is written to FILE.

Nothing of the front end is copied: it is the one that is inside the browser, served by its debugging port.
"""

import asyncio
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

from websockets.asyncio.client import connect

FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-allow-origins=*",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1", "--remote-debugging-port=0",
]

# What the panel's own "Export HAR" calls.
EXPORT = """(async () => {
  const base = new URL('./', location.href).href;
  const HAR = await import(base + 'models/har/har.js');
  const Logs = await import(base + 'models/logs/logs.js');
  const requests = Logs.NetworkLog.NetworkLog.instance().requests();
  return JSON.stringify({log: await HAR.Log.Log.build(requests, {sanitize: false})});
})()"""

READY = """(async () => {
  const base = new URL('./', location.href).href;
  const SDK = await import(base + 'core/sdk/sdk.js');
  const target = SDK.TargetManager.TargetManager.instance().primaryPageTarget();
  return target && target.model(SDK.NetworkManager.NetworkManager) ? 'ready' : '';
})()"""


class Tab:
    """A tab by way of the debugging protocol."""

    def __init__(self, socket):
        self.socket = socket
        self.number = 0

    async def call(self, method, **parameters):
        self.number += 1
        await self.socket.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            told = json.loads(await self.socket.recv())
            if told.get("id") == self.number:
                if "error" in told:
                    raise RuntimeError(f"{method}: {told['error']}")
                return told["result"]

    async def run(self, expression):
        told = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in told:
            raise RuntimeError(json.dumps(told["exceptionDetails"])[:2000])
        return told["result"].get("value")

    async def until(self, expression, seconds=30):
        """The value of the expression once it is one."""
        deadline = time.monotonic() + seconds
        fault = None
        while time.monotonic() < deadline:
            try:
                value = await self.run(expression)
                if value:
                    return value
            except RuntimeError as error:
                fault = error
            await asyncio.sleep(0.1)
        raise RuntimeError(f"not within {seconds} s: {expression[:80]} {fault}")


def wait_for_port(profile, browser):
    place = pathlib.Path(profile, "DevToolsActivePort")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and browser.poll() is None:
        if place.exists() and place.read_text().count("\n"):
            return int(place.read_text().split()[0])
        time.sleep(0.05)
    raise RuntimeError("the browser opened no debugging port")


def new_tab(port, url):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/json/new?{urllib.parse.quote(url, safe=':/?=&')}", method="PUT")
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


async def open_tools(panel, url):
    """Sends the panel's tab to the front end until that stands.

    The browser gives up what it loads when an interface of the machine comes or goes (ERR_NETWORK_CHANGED), and a front end that lacks a module
    never stands: only another load helps.
    """
    for _ in range(4):
        await panel.call("Page.navigate", url=url)
        try:
            return await panel.until(READY, 15)
        except RuntimeError as error:
            fault = error
    raise fault


async def record(port, page, script, file):
    inspected = new_tab(port, "about:blank")
    address = f"127.0.0.1:{port}/devtools/page/{inspected['id']}"
    tools = new_tab(port, "about:blank")
    async with connect(tools["webSocketDebuggerUrl"], max_size=None) as one, connect(f"ws://{address}", max_size=None) as other:
        panel, tab = Tab(one), Tab(other)
        await open_tools(panel, f"http://127.0.0.1:{port}/devtools/devtools_app.html?ws={address}")
        await tab.call("Page.navigate", url=page)
        await tab.until(f"document.readyState === 'complete' && location.href.startsWith({json.dumps(page)})")
        told = await tab.run(script)
        # The panel hears of the last frames a moment later than the page.
        before = ""
        while True:
            log = await panel.run(EXPORT)
            if log == before:
                break
            before = log
            await asyncio.sleep(0.3)
    pathlib.Path(file).write_text(log)
    print(json.dumps(told))


def main():
    program, page, script, file = sys.argv[1:]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            asyncio.run(record(wait_for_port(profile, browser), page, script, file))
        finally:
            browser.terminate()
            browser.wait()


main()
