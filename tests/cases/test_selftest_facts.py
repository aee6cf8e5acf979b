# SPDX-License-Identifier: MIT
"""The self-test, begun on the host itself, computes profiles as they are in its namespace: what they leave to the
host is not tried there. It writes nothing outside of its own namespace; where it may not make one, or where this
is no host's namespace, nothing can be seen of it.

    test_selftest_facts.py KERNTUNE"""

import json
import os
import subprocess
import sys
import tempfile

SKIP = 77
PROFILE = """profile: mine
parameters:
  net.ipv4.tcp_fin_timeout: 31
  net.core.somaxconn: {value: 5000, when: "${!in_netns}"}
"""


def main(program):
    if not os.path.exists("/proc/sys/net/core/dev_weight"):
        print("this is not the host's network namespace")
        return SKIP
    with tempfile.TemporaryDirectory(prefix="kerntune-selftest-facts.") as directory:
        path = os.path.join(directory, "mine.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(PROFILE)
        result = subprocess.run([program, "--json", "selftest", path], stdin=subprocess.DEVNULL, capture_output=True,
                                text=True, timeout=60)
    document = json.loads(result.stdout)
    if document.get("error", {}).get("id") == "no-privilege":
        print(document["error"]["text"])
        return SKIP
    parameters = document["profiles"][0]["parameters"] if result.returncode == 0 else None
    if parameters != 1:
        print("exit %d, %s parameters tried instead of 1\n%s" % (result.returncode, parameters, result.stdout))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
