"""A Socket.IO client that does what it is told.

It reads a JSON object a line from standard input, and writes one a line for each event
that it hears. Its first argument is a JSON object: url, transports, headers, auth.
Every handler takes as many parameters as the interface for frontends has arguments, which
is what a Python program would write.
"""

import json
import sys
import threading

import requests
import socketio

ONE_ARGUMENT = [
    "join_success", "update_participants", "member_joined", "member_left", "member_returned", "message",
    "code_update", "timer_sync", "join_request", "partial_approval", "join_approved", "join_denied",
    "room_status", "room_expired", "room_error", "request_status", "typing", "members",
]

writing = threading.Lock()


def tell(**what):
    with writing:
        print(json.dumps(what), flush=True)


def main():
    options = json.loads(sys.argv[1])
    # A cookie among the headers would be forgotten by the client's first reconnection.
    browser = requests.Session()
    for cookie in filter(None, options["headers"].pop("Cookie", "").split("; ")):
        browser.cookies.set(*cookie.split("=", 1))
    client = socketio.Client(
        reconnection_delay=0.05, reconnection_delay_max=0.2, randomization_factor=0, http_session=browser
    )

    def listen(event):
        client.on(event, lambda data: tell(event=event, args=[data]))

    for event in ONE_ARGUMENT:
        listen(event)
    client.on("pong", lambda: tell(event="pong", args=[]))
    client.on("connect", lambda: tell(event="connect", args=[], transport=client.transport()))
    client.on("disconnect", lambda: tell(event="disconnect", args=[]))
    client.on("connect_error", lambda data: tell(event="connect_error", args=[str(data)]))

    client.connect(
        options["url"],
        headers=options["headers"],
        transports=options["transports"],
        auth=options["auth"],
        wait_timeout=60,
    )
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "emit":
            number = command["ack"]
            answer = None
            if number is not None:
                def answer(*args, number=number):
                    tell(ack=number, args=args)
            data = command["args"]
            client.emit(command["event"], tuple(data) if data else None, callback=answer)
        elif command["do"] == "bytes":  # an argument that is sent as an attachment
            client.emit(command["event"], (bytes(command["size"]),))
    client.disconnect()


main()
