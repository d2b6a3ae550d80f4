"""Signing in and out."""


def test_an_officer_signs_in_and_sees_the_queue(signed_in):
    assert signed_in("officer-a").get("/flags").status_code == 200


def test_nobody_is_led_to_sign_in(client_of):
    answer = client_of(persona=None).get("/flags?rule=R01")
    assert (answer.status_code, answer.location) == (302, "/sign-in?next=/flags?rule%3DR01")


def test_somebody_without_a_role_is_refused(signed_in):
    answer = signed_in("visitor-a").get("/flags")
    assert answer.status_code == 403
    assert "Your role does not allow this" in answer.text
