"""The languages we speak, and the one a client asks for."""

from rapor.http.gateway import Request

LOCALES = ("tr", "en")  # the first is what a client gets that names none


def accepted_locale(request: Request) -> str:
    """The first language in Accept-Language that we speak; weights are rare enough to go by order."""
    for language in request.headers.get("accept-language", "").split(","):
        tag = language.split(";")[0].strip().lower().split("-")[0]
        if tag in LOCALES:
            return tag
    return LOCALES[0]
