# SPDX-License-Identifier: MIT
"""Limits of the whole kernel that are nearly reached, and the verdict on them: see guest_diagnose.py."""

import machine

if __name__ == "__main__":
    machine.main(lambda program, profiles: machine.pass_on(program, profiles, "guest_diagnose.run"))
