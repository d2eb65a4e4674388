"""A person's browser without script: a cookie jar, redirects and forms.

It never opens an application's redirect URI but hands back what was sent there. The counterpart for JavaScript is
``agent.mjs``.
"""

from __future__ import annotations

import dataclasses
import html.parser
import urllib.parse

import requests

_MOST_HOPS = 12


@dataclasses.dataclass
class Form:
    """A form of a page, ready to be filled in."""

    action: str
    method: str
    fields: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    buttons: dict[str, str] = dataclasses.field(default_factory=dict)
    inputs: set[str] = dataclasses.field(default_factory=set)

    def value(self, name: str) -> str:
        """What is sent under this name if nobody touches the form; empty if nothing is."""
        return next((value for field, value in self.fields if field == name), "")


@dataclasses.dataclass
class Page:
    """What the browser shows."""

    url: str
    status: int
    text: str
    forms: list[Form]
    headers: dict[str, str] = dataclasses.field(default_factory=dict)

    def form_with(self, name: str) -> Form:
        """The form that has this input or this button."""
        for form in self.forms:
            if name in form.inputs or name in form.buttons:
                return form
        raise AssertionError(f"no form with {name} on {self.url} ({self.status}):\n{self.text}")


@dataclasses.dataclass
class Answer:
    """What was sent to the application's redirect URI."""

    url: str
    parameters: dict[str, str]
    posted: bool = False


class Agent:
    """A browser profile: what one person's browser remembers."""

    def __init__(self) -> None:
        self._session = requests.Session()
        self._session.headers.update({"Accept-Language": "en", "Accept": "text/html"})

    def open(self, url: str, redirect_uri: str | None = None) -> Page | Answer:
        """Opens an address and follows redirects, up to the application's redirect URI if there is one."""
        return self._request("GET", url, None, redirect_uri)

    def submit(
        self, form: Form, button: str, filled: dict[str, str] | None = None, redirect_uri: str | None = None
    ) -> Page | Answer:
        """Fills in a page's form and presses one of its buttons."""
        filled = filled or {}
        body = [field for field in form.fields if field[0] not in filled] + list(filled.items())
        if button in form.buttons:
            body.append((button, form.buttons[button]))
        if form.method == "post":
            return self._request("POST", form.action, body, redirect_uri)
        return self._request("GET", f"{form.action}?{urllib.parse.urlencode(body)}", None, redirect_uri)

    def authorize(self, url: str, username: str, password: str, redirect_uri: str) -> Answer:
        """Goes from an authorization request to the redirect URI, signing in and consenting where a page asks."""
        page = self.open(url, redirect_uri)
        for _ in range(4):
            if isinstance(page, Answer):
                return page
            login = next((form for form in page.forms if "password" in form.inputs), None)
            consent = next((form for form in page.forms if "accept" in form.buttons), None)
            if login is not None:
                credentials = {"username": username, "password": password}
                page = self.submit(login, "login", credentials, redirect_uri)
            elif consent is not None:
                page = self.submit(consent, "accept", {}, redirect_uri)
            else:
                break
        if isinstance(page, Answer):
            return page
        raise AssertionError(f"no way on from {page.url} ({page.status}):\n{page.text}")

    def _request(
        self, method: str, url: str, body: list[tuple[str, str]] | None, redirect_uri: str | None
    ) -> Page | Answer:
        for _ in range(_MOST_HOPS):
            answer = self._session.request(method, url, data=body, allow_redirects=False, timeout=30)
            location = answer.headers.get("Location")
            if location is None or not 300 <= answer.status_code < 400:
                return _page_from(answer, url, redirect_uri)
            url = urllib.parse.urljoin(url, location)
            if redirect_uri is not None and _leads_to(url, redirect_uri):
                return Answer(url, _parameters_of(url))
            if answer.status_code not in (307, 308):
                method, body = "GET", None
        raise AssertionError(f"more than {_MOST_HOPS} redirects, the last one to {url}")


class _PageReader(html.parser.HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self._url = url
        self._form: Form | None = None
        self._hidden = 0
        self._words: list[str] = []
        self.forms: list[Form] = []

    @property
    def text(self) -> str:
        words = " ".join(self._words).translate({code: None for code in range(0x2066, 0x206A)})
        return " ".join(words.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            action = urllib.parse.urljoin(self._url, attributes.get("action") or self._url)
            self._form = Form(action, attributes.get("method", "get").lower())
            self.forms.append(self._form)
        elif tag in ("input", "button", "select", "textarea") and self._form is not None:
            _add_control(self._form, tag, attributes)
        elif tag in ("script", "style", "template"):
            self._hidden += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag in ("script", "style", "template") and self._hidden:
            self._hidden -= 1

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._words.append(data)


def _add_control(form: Form, tag: str, attributes: dict[str, str]) -> None:
    name = attributes.get("name")
    if not name:
        return
    kind = attributes.get("type", "submit" if tag == "button" else "text")
    if kind == "submit":
        form.buttons[name] = attributes.get("value", "")
        return
    form.inputs.add(name)
    box = kind in ("checkbox", "radio")
    if not box or "checked" in attributes:
        form.fields.append((name, attributes.get("value", "on" if box else "")))


def _page_from(answer: requests.Response, url: str, redirect_uri: str | None) -> Page | Answer:
    reader = _PageReader(url)
    reader.feed(answer.text)
    for form in reader.forms:
        if form.method == "post" and form.action == redirect_uri:
            return Answer(form.action, dict(form.fields), posted=True)
    return Page(url, answer.status_code, reader.text, reader.forms, dict(answer.headers))


def _leads_to(url: str, redirect_uri: str) -> bool:
    return url.split("#", 1)[0].split("?", 1)[0] == redirect_uri


def _parameters_of(url: str) -> dict[str, str]:
    parts = urllib.parse.urlsplit(url)
    return dict(urllib.parse.parse_qsl(parts.query or parts.fragment, strict_parsing=True))
