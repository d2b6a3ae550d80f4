"""The weather service, an outside system: asks the vault about each API key that it is shown."""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx


class Service(BaseHTTPRequestHandler):
    def do_GET(self):
        key = self.headers.get("X-Api-Key", "")
        vault = f"{os.environ['VAULT_ADDR']}/v1/auth/token/lookup-self"
        answer = httpx.get(vault, headers={"X-Vault-Token": key}, trust_env=False)
        known = answer.status_code == 200 and answer.json()["data"]["role"] == "weather"
        body = json.dumps({"rain_mm": 3.5} if known else {"error": "unknown key"}).encode()
        self.send_response(200 if known else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Service).serve_forever()
