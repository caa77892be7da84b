"""Signing in and out, and what becomes of somebody whose session ends."""

from django.contrib.sessions.models import Session as SignedIn
from playwright.sync_api import expect

from tests.browser.conftest import viewer


def test_somebody_signs_in_and_out(look):
    viewer()
    page = look()
    page.goto("/")
    expect(page).to_have_url("/login/?next=/")
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill("a good password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Board")).to_be_attached()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url("/login/")
    page.goto("/")
    expect(page).to_have_url("/login/?next=/")


def test_a_wrong_password_says_so_and_the_right_one_still_works(look):
    viewer()
    page = look()
    page.goto("/login/?next=/")
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Please enter a correct username and password")
    expect(page.get_by_label("Name")).to_have_value("ada")
    page.get_by_label("Password").fill("a good password")
    page.keyboard.press("Enter")
    expect(page).to_have_url("/")


def test_whose_session_has_ended_is_asked_to_sign_in(page):
    page.goto("/")
    expect(page.get_by_role("heading", name="Board")).to_be_attached()
    SignedIn.objects.all().delete()
    expect(page).to_have_url("/login/")
