# SPDX-License-Identifier: BSD-3-Clause
"""Runs inside a lab as an unprivileged user: has an agent of polkit for itself, makes one call, and tells what comes.

    polkit_agent.py MEMBER SIGNATURE-AND-VALUE          as GLib writes variants, such as "({'name': <'node'>},)"

Prints lines of JSON: {"asked": [action, message, cookie, uid]} when a person is to be asked for a password; what is to be
done then is said on standard input, a line "answered" or "dismissed". At the end {"reply": …} or {"error": [name, text]}.
"""

import json
import os
import sys
import threading

from gi.repository import Gio, GLib

AUTHORITY = ("org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority", "org.freedesktop.PolicyKit1.Authority")
SUPERVISOR = ("org.zeek.Supervisor", "/org/zeek/Supervisor", "org.zeek.Supervisor")
AGENT_PATH = "/agent"
AGENT = """
<node><interface name="org.freedesktop.PolicyKit1.AuthenticationAgent">
  <method name="BeginAuthentication">
    <arg type="s"/><arg type="s"/><arg type="s"/><arg type="a{ss}"/><arg type="s"/><arg type="a(sa{sv})"/>
  </method>
  <method name="CancelAuthentication"><arg type="s"/></method>
</interface></node>
"""


def say(**what):
    print(json.dumps(what), flush=True)


def on_call(connection, sender, path, interface, method, arguments, invocation):
    if method != "BeginAuthentication":
        return invocation.return_value(None)
    action, message, _, _, cookie, identities = arguments.unpack()
    say(asked=[action, message, cookie, identities[0][1]["uid"]])

    def wait():
        if sys.stdin.readline().strip() == "answered":
            invocation.return_value(None)
        else:
            invocation.return_dbus_error("org.freedesktop.PolicyKit1.Error.Cancelled", "dismissed")

    threading.Thread(target=wait, daemon=True).start()


def subject():
    start_time = int(open("/proc/self/stat").read().rpartition(")")[2].split()[19])
    details = {"pid": ("u", os.getpid()), "start-time": ("t", start_time), "uid": ("i", os.getuid())}
    return ("unix-process", {key: GLib.Variant(kind, value) for key, (kind, value) in details.items()})


def main():
    member, arguments = sys.argv[1:]
    bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
    interface = Gio.DBusNodeInfo.new_for_xml(AGENT).interfaces[0]
    bus.register_object(AGENT_PATH, interface, on_call, None, None)
    bus.call_sync(*AUTHORITY, "RegisterAuthenticationAgent", GLib.Variant("((sa{sv})ss)", (subject(), "C", AGENT_PATH)),
                  None, Gio.DBusCallFlags.NONE, -1)

    loop = GLib.MainLoop()

    def on_reply(bus, result):
        try:
            say(reply=bus.call_finish(result).unpack())
        except GLib.Error as error:
            say(error=[Gio.DBusError.get_remote_error(error), error.message])
        loop.quit()

    bus.call(*SUPERVISOR, member, GLib.Variant.parse(None, arguments), None,
             Gio.DBusCallFlags.ALLOW_INTERACTIVE_AUTHORIZATION, 60_000, None, on_reply)
    loop.run()


main()
