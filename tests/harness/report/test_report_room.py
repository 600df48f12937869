"""How the report uses the window, in headless Chromium: wide tables, pictures, dark mode."""

import pytest

pytestmark = pytest.mark.browser


def test_a_wide_table_grows_with_the_window_before_it_scrolls(open_report):
    widths = []
    for width in (1000, 1600, 2000, 6000):
        browser = open_report(width, name=f"study-{width}")
        region = browser.find_element("css selector", "#table-2 .scroll")
        widths.append(region.rect["width"])
        page, inner, across = browser.execute_script(
            "const [page, region] = [document.documentElement, arguments[0]];"
            "return [page.scrollWidth - page.clientWidth, region.clientWidth, region.scrollWidth]",
            region,
        )
        assert page == 0
        assert (inner < across) == (width < 6000)
        assert browser.find_element("css selector", "#table-1 .scroll").rect["width"] <= 1344
        assert region.rect["x"] >= 16
    assert widths[0] > 900
    assert widths[1] > 1450
    assert widths[2] > 1850


VISIBLE = """
const shown = (image) => image.getClientRects().length > 0;
return [...document.querySelectorAll('.plot img')].filter(shown).map((i) => i.className)
"""


@pytest.mark.parametrize(
    ("scheme", "media", "shown"),
    [("light", "screen", "on-light"), ("dark", "screen", "on-dark"), ("dark", "print", "on-light")],
)
def test_figures_follow_the_page(open_report, scheme, media, shown):
    browser = open_report(scheme=scheme)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})
    assert browser.execute_script(VISIBLE) == [shown, ""]  # the older one has no dark one
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_press_enlarges_a_picture_and_escape_closes_it(open_report, scheme):
    from selenium.webdriver.common.keys import Keys

    browser = open_report(1400, scheme)
    browser.find_element("css selector", "#run-1 summary").click()
    dialog = browser.find_element("tag name", "dialog")
    assert not dialog.is_displayed()
    pictures = browser.find_elements("css selector", "button.picture")
    assert len(pictures) > 5
    for picture in pictures[:5]:
        (image,) = (i for i in picture.find_elements("tag name", "img") if i.is_displayed())
        told = image.get_attribute("alt")
        assert picture.accessible_name == told
        browser.execute_script("arguments[0].focus()", picture)
        picture.send_keys(Keys.ENTER)
        (copy,) = (i for i in dialog.find_elements("tag name", "img") if i.is_displayed())
        assert copy.get_attribute("src") == image.get_attribute("src")
        assert copy.rect["width"] > image.rect["width"]
        assert dialog.accessible_name == told
        assert browser.switch_to.active_element.text == "Close"
        browser.switch_to.active_element.send_keys(Keys.ESCAPE)
        assert not dialog.is_displayed()
        assert browser.switch_to.active_element == picture
    pictures[0].click()
    dialog.find_element("css selector", "button").click()
    assert not dialog.is_displayed()
    pictures[0].click()
    dialog.find_element("css selector", ".frame").click()
    assert not dialog.is_displayed()


def test_an_enlarged_picture_scrolls_on_a_small_screen(open_report):
    browser = open_report(400)
    picture = browser.find_element("css selector", "button.picture")
    picture.click()
    frame = browser.find_element("css selector", "dialog .frame")
    across = "return arguments[0].scrollWidth > arguments[0].clientWidth"
    assert browser.execute_script(across, frame)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 400
