"""A browser without scripts: keeps cookies itself, as clients refuse Secure cookies on plain HTTP."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

import httpx

COOKIE = re.compile(r"([^=]+)=([^;]*)")
TOKEN = re.compile(r'name="form_token" value="([^"]+)"')
CLIENT = httpx.Client(timeout=300, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))
"""One for all browsers: it keeps no connection, and no cookie that a browser would not send."""


@dataclass
class PlainBrowser:
    """Follows links and sends forms.

    Attributes:
        address: Of the service.
        jar: Its cookies.
        language: Its Accept-Language.
    """

    address: str
    jar: dict[str, str] = field(default_factory=dict)
    language: str = "fr"

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self._keep(CLIENT.get(self.address + path, headers=self._headers(headers)))

    def post(self, path: str, fields: dict[str, object] | None = None, **headers: str) -> httpx.Response:
        sent = {"content_type": "application/x-www-form-urlencoded", **headers}
        return self._keep(CLIENT.post(self.address + path, data=fields or {}, headers=self._headers(sent)))

    def token(self, path: str = "/console/sign-in") -> str:
        found = TOKEN.search(self.get(path).text)
        assert found is not None, path
        return html.unescape(found.group(1))

    def send(self, path: str, fields: dict[str, object] | None = None, *, shown_on: str = "/console") -> httpx.Response:
        """Send a form with the token of this browser's session."""
        return self.post(path, {"form_token": self.token(shown_on), **(fields or {})})

    def sign_in(self, token: str) -> httpx.Response:
        return self.send("/console/sign-in", {"token": token}, shown_on="/console/sign-in")

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        plain = {name.replace("_", "-"): value for name, value in more.items()}
        return {"cookie": cookies, "accept-language": self.language, **plain}

    def _keep(self, answer: httpx.Response) -> httpx.Response:
        for line in answer.headers.get_list("set-cookie"):
            found = COOKIE.match(line)
            assert found is not None
            name, value = found.groups()
            if value in ("", '""'):
                self.jar.pop(name, None)
            else:
                self.jar[name] = value
        return answer
