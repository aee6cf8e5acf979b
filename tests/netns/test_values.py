# SPDX-License-Identifier: MIT
"""Values that are longer, or keys that are named otherwise, than most; and what other programs read there."""

import shutil
import subprocess

import harness
from harness import check, contains, equal, identical, read_key, snapshot, write_key

SCATTERED = ",".join(str(port) for port in range(10001, 10001 + 1500 * 3, 3))


def test_port_list_over_a_page(host):
    check(len(SCATTERED) > 4095, "the list fits into a page")
    write_key("net.ipv4.ip_local_reserved_ports", "8080,9090-9099")
    before = snapshot()
    profile = host.profile({"net.ipv4.ip_local_reserved_ports": SCATTERED})
    host.run("apply", "-y", profile).expect(0)
    equal(read_key("net.ipv4.ip_local_reserved_ports"), SCATTERED, "the list")
    host.run("verify", profile).expect(0)
    contains(host.run("diff", profile).expect(0).out, "0 to change, 1 already right")
    host.run("restore").expect(0)
    identical(before, "after restore")
    host.run("verify", profile).expect(1)


def test_ports_reserved_besides_those_of_the_host(host):
    write_key("net.ipv4.ip_local_reserved_ports", "8080,9090-9099")
    before = snapshot()
    profile = host.profile("  net.ipv4.ip_local_reserved_ports:\n    at_least: 9095,11211\n")
    host.run("apply", "-y", profile).expect(0)
    equal(read_key("net.ipv4.ip_local_reserved_ports"), "8080,9090-9099,11211", "the list")
    host.run("verify", profile).expect(0)
    write_key("net.ipv4.ip_local_reserved_ports", "9000-12000")
    host.run("verify", profile).expect(0)
    write_key("net.ipv4.ip_local_reserved_ports", "8080,9090-9099,11211")
    host.run("restore").expect(0)
    identical(before, "after restore")


def test_restoring_a_port_list_over_a_page(host):
    """The long list is the original here: it must be in the record, and go back, whole."""
    longest = ",".join(str(port) for port in range(1, 65536, 2))
    path = harness.key_path("net.ipv4.ip_local_reserved_ports")
    with open(path, "wb", buffering=0) as file:
        rest = (longest + "\n").encode()
        while rest:
            rest = rest[file.write(rest):]
    before = snapshot()
    equal(before["net/ipv4/ip_local_reserved_ports"], (longest + "\n").encode(), "the list by hand")
    host.run("apply", "-y", host.profile({"net.ipv4.ip_local_reserved_ports": "8080"})).expect(0)
    equal(read_key("net.ipv4.ip_local_reserved_ports"), "8080", "the short list")
    host.run("restore").expect(0)
    identical(before, "after restore")


def test_port_list_in_another_order(host):
    write_key("net.ipv4.ip_local_reserved_ports", "8080,9090-9092")
    contains(host.run("diff", host.profile({"net.ipv4.ip_local_reserved_ports":
                                            "9092,9090-9091,8080"})).expect(0).out, "0 to change")


def test_clearing_a_port_list(host):
    write_key("net.ipv4.ip_local_reserved_ports", "8080")
    before = snapshot()
    profile = host.profile({"net.ipv4.ip_local_reserved_ports": ""})
    host.run("apply", "-y", profile).expect(0)
    equal(read_key("net.ipv4.ip_local_reserved_ports"), "", "the list")
    host.run("verify", profile).expect(0)
    host.run("restore").expect(0)
    identical(before, "after restore")


def test_interface_with_a_dot(host):
    harness.rename_interface("lo", "eth0.100")
    path = "/proc/sys/net/ipv4/conf/eth0.100/rp_filter"
    before = snapshot()
    old = before["net/ipv4/conf/eth0.100/rp_filter"].decode().strip()
    new = "2" if old != "2" else "1"
    for key in ("net.ipv4.conf.eth0/100.rp_filter", "net/ipv4/conf/eth0.100/rp_filter",
                "net.ipv4.conf.eth0[/]100.rp_filter", "net/ipv4/conf/eth0.1*/rp_filter"):
        profile = host.profile({key: new})
        row = host.run("--json", "diff", profile).expect(0).json()["parameters"][0]
        equal([row["key"], row["path"], row["status"], row["live"]],
              ["net.ipv4.conf.eth0/100.rp_filter", "net/ipv4/conf/eth0.100/rp_filter", "change", old], key)
        host.run("apply", "-y", profile).expect(0)
        equal(harness.read_raw(path).decode().strip(), new, "the value by " + key)
        host.run("restore").expect(0)
        identical(before, "after " + key)
    # With a dot it would be another interface, "eth0", and a key "100".
    contains(host.run("apply", "-y", host.profile({"net.ipv4.conf.eth0.100.rp_filter": new})).expect(2).err,
             "does not exist")


def test_glob_over_interfaces(host):
    if not harness.add_veth("kt0.7", "kt1"):
        harness.rename_interface("lo", "kt0.7")
    before = snapshot()
    profile = host.profile({"net.ipv4.conf.*.log_martians": "1", "net.ipv4.conf.kt0/7.log_martians": "0"})
    host.run("apply", "-y", profile).expect(0)
    for name in ("all", "default"):
        equal(read_key("net.ipv4.conf.%s.log_martians" % name), "1", name)
    equal(harness.read_raw("/proc/sys/net/ipv4/conf/kt0.7/log_martians"), b"0\n", "the explicit key")
    host.run("verify", profile).expect(0)
    host.run("restore").expect(0)
    identical(before, "after restore")


WRITTEN = {
    "net.core.somaxconn": "5000",
    "net.ipv4.ip_local_port_range": "20001 60001",
    "net.ipv4.tcp_rmem": "4096 131073 6291457",
    "net.ipv4.tcp_congestion_control": "reno",
    "net.ipv4.ip_local_reserved_ports": "21000,22000-22009",
    "net.ipv4.tcp_notsent_lowat": "131072",
    "net.ipv4.neigh.lo.retrans_time_ms": "1500",
}


def test_sysctl_reads_what_was_written(host):
    sysctl = shutil.which("sysctl", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if not sysctl:
        raise harness.Skip("sysctl is missing")
    before = snapshot()
    document = host.run("--json", "apply", "-y", host.profile(WRITTEN)).expect(0).json()
    rows = {row["key"]: row for row in document["parameters"]}
    for key in WRITTEN:
        text = subprocess.run([sysctl, "-n", key], check=True, stdout=subprocess.PIPE,
                              universal_newlines=True).stdout.strip().replace("\t", " ")
        equal(text, WRITTEN[key], "sysctl -n " + key)
        equal(rows[key]["after"], text, "what kerntune read back from " + key)
    host.run("restore").expect(0)
    identical(before, "after restore")


def test_sysctl_loads_what_was_exported(host):
    """show --format sysctl.d means the same to sysctl(8)."""
    sysctl = shutil.which("sysctl", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if not sysctl:
        raise harness.Skip("sysctl is missing")
    profile = host.profile(WRITTEN)
    exported = host.run("--format", "sysctl.d", "show", profile).expect(0).out
    host.run("verify", profile).expect(1)
    loaded = subprocess.run([sysctl, "-p", "-"], input=exported, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, universal_newlines=True)
    equal(loaded.returncode, 0, "sysctl -p: " + loaded.stdout)
    host.run("verify", profile).expect(0)


def test_hexadecimal_is_the_same_number(host):
    write_key("net.core.somaxconn", "5000")
    contains(host.run("diff", host.profile({"net.core.somaxconn": "0x1388"})).expect(0).out, "0 to change")


def test_backup_and_restore_of_everything_below_net(host):
    before = snapshot()
    backup = host.run("backup", "net.*").expect(0).out.strip()
    host.run("apply", "-y", host.profile(WRITTEN)).expect(0)
    write_key("net.ipv4.tcp_fin_timeout", "17")
    host.run("restore", backup).expect(0)
    identical(before, "after the backup was restored")


if __name__ == "__main__":
    harness.main(globals())
