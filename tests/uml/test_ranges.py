# SPDX-License-Identifier: MIT
"""Parameters of the whole kernel, with their siblings, their order and their one-way values: see guest_keys.py."""

import machine

if __name__ == "__main__":
    machine.main(lambda program, profiles: machine.pass_on(program, profiles, "guest_ranges.run"))
