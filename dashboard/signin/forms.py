"""The sign-in pages as HTML: no script, every text escaped, both languages, both themes."""

from dataclasses import dataclass, field
from urllib.parse import urlencode

from dashboard import assets
from dashboard.components.markup import Child, Markup, element, join
from dashboard.i18n import LANGUAGES, Translate, translator

STYLE = "sign_in.css"


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page.

    Attributes:
        key: `login`, `logout`, `password` or `totp`.
        language: `vi` or `en`.
        mark: what the form carries, see `cookies.mark_of`.
        next: address to go on to.
        problem: key of the sentence on what went wrong; empty for nothing.
        notice: key of a sentence that is no fault; empty for none.
        who: name of who is signed in; empty for nobody.
        fields: the form's own parts.
        after: what stands below the form.
        reasons: numbers that the sentence needs.
    """

    key: str
    language: str
    mark: str
    next: str = "/"
    problem: str = ""
    notice: str = ""
    who: str = ""
    fields: tuple[Markup, ...] = ()
    after: tuple[Markup, ...] = ()
    reasons: dict[str, object] = field(default_factory=dict)

    @property
    def t(self) -> Translate:
        """Texts of the page's language."""
        return translator(self.language)


def document(page: Page) -> str:
    """Return the whole document of a page."""
    t = page.t
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{t(f'signin.{page.key}')} · {t('app.name')}"),
        element("link", rel="icon", href=assets.ui_url("mark.svg")),
        element("link", rel="stylesheet", href=assets.ui_url(STYLE)),
    )
    body = element("body", element("main", *_content(page)))
    return "<!doctype html>" + str(element("html", head, body, lang=page.language))


def _content(page: Page) -> tuple[Child, ...]:
    t = page.t
    return (
        element("p", element("a", t("app.name"), href="/"), " · ", t("app.tagline"), class_="of"),
        element("h1", t(f"signin.{page.key}")),
        element("p", t("signin.who", name=page.who), class_="who") if page.who else None,
        element("p", t(page.notice), class_="notice", role="status") if page.notice else None,
        element("p", t(page.problem, **page.reasons), class_="problem", role="alert", id="problem")
        if page.problem
        else None,
        _form(page) if page.fields else None,
        *page.after,
        _languages(page),
    )  # fmt: skip


def _form(page: Page) -> Markup:
    kept = {"mark": page.mark, "next": page.next, "lang": page.language}
    return element(
        "form", *(hidden(name, value) for name, value in kept.items()), *page.fields, method="post"
    )


def _languages(page: Page) -> Markup:
    links = [
        element(
            "a", code.upper(), href=f"?{_query(page, code)}", lang=code, hreflang=code,
            aria_current="true" if code == page.language else None,
        )
        for code in LANGUAGES
    ]  # fmt: skip
    return element("nav", *links, aria_label=page.t("header.language"))


def _query(page: Page, language: str) -> str:
    return urlencode({"lang": language, "next": page.next})


def hidden(name: str, value: str) -> Markup:
    """Return a field that nobody sees."""
    return element("input", type="hidden", name=name, value=value)


def text_field(  # noqa: PLR0913 -- what a field is for a person, a browser and its password store
    name: str, label: str, *, kind: str = "text", fills: str, hint: str = "", value: str = "",
    optional: bool = False, focus: bool = False, wrong: bool = False,
) -> Markup:  # fmt: skip
    """Return a labelled field."""
    return element(
        "div",
        element("label", label, for_=name),
        element(
            "input", id=name, name=name, type=kind, value=value or None, autocomplete=fills,
            required=None if optional else "", autofocus="" if focus else None,
            autocapitalize="none", spellcheck="false", maxlength=200,
            inputmode="numeric" if fills == "one-time-code" else None,
            aria_describedby=f"{name}-hint" if hint else None,
            aria_invalid="true" if wrong else None,
            aria_errormessage="problem" if wrong else None,
        ),
        element("small", hint, id=f"{name}-hint") if hint else None,
        class_="field",
    )  # fmt: skip


def button(text: str, *, name: str | None = None, value: str | None = None,
           plain: bool = False) -> Markup:  # fmt: skip
    """Return a button that sends the form."""
    return element(
        "button", text, type="submit", name=name, value=value, class_="plain" if plain else None
    )


def links(*pairs: tuple[str, str]) -> Markup:
    """Return links below the form."""
    return element("ul", join(element("li", element("a", text, href=href)) for text, href in pairs))
