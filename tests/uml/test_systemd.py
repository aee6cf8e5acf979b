# SPDX-License-Identifier: MIT
"""systemd as PID 1, a transient service of which keeps the deadline of apply --confirm: see guest_systemd.py."""

import machine

if __name__ == "__main__":
    machine.main(lambda program, profiles: machine.pass_on(program, profiles, "guest_systemd.start_systemd"))
