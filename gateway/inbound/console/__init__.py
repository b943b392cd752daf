"""The console: pages for people, rendered here, without script. Danish, and English by a switch.

How a page is added, in five places:

1. one file here, `<page>.py`, with `async def show(here: Here) -> Response` (frame.py). `here` is one request of a
   running session: `here.caller` goes to flows, `here.form` are the fields of a POST (its CSRF token is checked
   already), `here.t` the texts, `here.visit.hold(x)` keeps x on the server and gives the opaque id that may stand in
   an address. It ends with `here.page("<page>.html", …)` or `here.go("/console/…")`.
2. one template, `templates/<page>.html`, which extends `page.html` and fills the blocks `title` and `main`. Every form
   that is sent by POST holds `{{ csrf() }}`. Elements carry the meaning: the stylesheet knows no classes.
3. one table `[<page>]` in texts/da.toml and the same keys in texts/en.toml; templates say `t("<page>.key")`.
4. its rows in doors.py: `Open("GET", "/console/<page>", inside(<page>.show, "auditor"), frame.tell)`, with the roles
   that may come in. Who has another role is refused, and that is put on record.
5. a row in navigation.py, if it stands in the menu: the first row of a role is where its session begins.

No identifier of anybody stands in an address: it is entered once, in a form that is sent by POST. What a page shows of
a citizen or of the log comes from a flow, which puts the look on record before it gives anything. Tests: what a page is
for is done by clicking in tests/browser; test_console_frame.py checks that every text is there in every language.
"""
