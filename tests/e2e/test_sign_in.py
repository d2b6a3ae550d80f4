"""A browser keeps the session cookie with the `__Host-` prefix, also on loopback."""


def test_sign_in_and_out(person):
    page = person("officer-a")
    assert page.title().startswith("Flags")
    (cookie,) = page.context.cookies()
    assert (cookie["name"], cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (
        "__Host-triage",
        True,
        True,
        "Lax",
    )
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.goto("/flags")
    assert "/sign-in" in page.url
