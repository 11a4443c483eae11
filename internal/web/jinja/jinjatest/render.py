"""Renders templates with Flask itself, for the Go tests to compare.

Reads JSON from standard input: {"variables": {...}, "cases": [{"files": {name: text}, "page": name}]}.
Writes a JSON list of {"text": ...} or {"problem": ...} to standard output.
"""
import json
import sys

import flask
import jinja2
from jinja2.loaders import split_template_path

app = flask.Flask("pages", static_folder=None)
app.secret_key = "test"
app.jinja_env.globals["csrf_token"] = lambda: "the-token"

for path, endpoint in [("/", "index"), ("/join", "join_room_route"), ("/room/<room_code>", "chatroom"),
                       ("/room/<room_code>/status", "room_status"), ("/static/<path:filename>", "static")]:
    app.add_url_rule(path, endpoint, lambda **_: "", methods=["POST"] if path == "/join" else None)


def render(case, variables):
    def find(name):  # as the loader of folders does
        return case["files"].get("/".join(split_template_path(name)))

    app.jinja_env.loader = jinja2.FunctionLoader(find)
    if app.jinja_env.cache is not None:
        app.jinja_env.cache.clear()
    try:
        with app.test_request_context("/room/r-1?a=1&b=two%20words", base_url="http://chat.example:8000",
                                      headers={"User-Agent": "test", "Accept-Language": "de"}):
            flask.session.update(display_name="Ana", user_id="u-1")
            flask.request.endpoint  # the route is known
            return {"text": flask.render_template(case["page"], **variables)}
    except Exception as problem:  # whatever it is, Flask would answer with 500
        return {"problem": f"{type(problem).__name__}: {problem}"}


given = json.load(sys.stdin)
json.dump([render(case, json.loads(json.dumps(given["variables"]))) for case in given["cases"]], sys.stdout)
