# SPDX-License-Identifier: MIT
"""Real trouble, and the verdict on it: exactly the findings that it deserves, with the right owner, listener and
destination; and none on a host that is well. That the trouble is there is first asked of ss and proc."""
import contextlib
import os
import shutil
import signal
import socket
import subprocess

import harness
import trouble
from harness import check, contains, equal
from test_listeners import listening, loopback_up
from test_sockets import between
from trouble import Trouble

FIRST, SECOND = "10.0.0.5:8080", "10.0.0.6:8080"
HERE = "10.0.128.1:8080"


# ---- asking ----

def diagnose(host, *arguments, code=0, prefix=()):
    report = host.run("diagnose", "--json", *arguments, prefix=prefix).expect(code).json()
    sane(report)
    return report


def sane(value, path="report"):
    """No number is negative, or more than this machine can have of anything."""
    if isinstance(value, dict):
        for key, inner in value.items():
            sane(inner, "%s.%s" % (path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            sane(inner, "%s[%d]" % (path, number))
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        check(0 <= value < 1 << 53, "%s is %r" % (path, value))


def of_level(report, *levels):
    return sorted((row["id"], row["level"]) for row in report["findings"] if row["level"] in levels)


def expect(host, wanted, *arguments, notes=(), code=None):
    """Exactly these findings (id, level) or none, and among others these notes; returns the findings by id."""
    code = code if code is not None else int(bool(wanted))
    report = diagnose(host, "--exit-code", *arguments, code=code)
    equal(of_level(report, "critical", "warning"), sorted(wanted), "findings")
    have = {row["id"] for row in report["findings"] if row["level"] == "note"}
    check(set(notes) <= have, "notes: expected %s, got %s" % (sorted(notes), sorted(have)))
    return {row["id"]: row for row in report["findings"]}


def expect_many(host, count):
    """So many findings of full accept queues, and no other."""
    report = diagnose(host, "--once")
    equal(of_level(report, "critical", "warning"), [("accept-queue", "critical")] * count, "findings")
    return count


def who(finding, kind):
    return [row for row in finding["who"] if row["kind"] == kind]


def blames_process(finding, pid, name):
    rows = who(finding, "process")
    equal([(row["pid"], row["name"]) for row in rows], [(pid, name)], "processes of " + finding["id"])


def blames(finding, kind, *names):
    equal(sorted(row["name"] for row in who(finding, kind)), sorted(names), "%ss of %s" % (kind, finding["id"]))


# ---- the generator ----

def refuses(*prefix):
    """Nothing is made, in a namespace that is the test's own: so nothing is lost where it fails."""
    before = harness.snapshot()
    run = subprocess.run([*prefix, trouble.MAKE, "time-wait", "count=1", "limit=77"], stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
    equal(run.returncode, 1, "exit code of make_trouble")
    check("may be the machine's own namespace" in run.stderr, run.stderr)
    equal(harness.moved_since(before), set(), "parameters that moved")


def test_make_trouble_refuses_what_is_in_use(host):
    if not harness.add_veth("uplink", "other"):
        raise harness.Skip("no veth")
    subprocess.run(["ip", "link", "set", "uplink", "up"], check=True)
    refuses()


def test_make_trouble_refuses_what_it_cannot_know(host):
    """All that it can see is in its namespace; and then process 1 is closed to it as well."""
    inside = ["unshare", "-p", "-f", "--mount-proc", "sh", "-c", '"$@"; exit $?', "sh"]
    if os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "setpriv"))):
        raise harness.Skip("not root, or a tool is missing")
    refuses(*inside)
    refuses(*inside, "setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace")


# ---- nothing wrong ----

def test_an_empty_namespace(host):
    expect(host, [], "--once")


def many_time_wait(host, count):
    with Trouble("time-wait", count=count):
        found = trouble.states()
        if found.get("TIME_WAIT", 0) < count:
            raise harness.Skip("the first of %d were gone before the last was made" % count)
        equal(found, {"TIME_WAIT": count}, "ss")
        check(max(trouble.per_destination("time-wait").values()) <= 0.3 * trouble.ports(), "one has too many")
        expect(host, [], "--once", notes=["time-wait-harmless"])


def test_ten_thousand_time_wait(host):
    many_time_wait(host, 10000)


def test_fifty_thousand_time_wait(host):
    many_time_wait(host, 50000)


def test_two_hundred_thousand_time_wait(host):
    many_time_wait(host, 200000)


def test_many_established(host):
    with Trouble("established", count=18000):
        equal(trouble.states(), {"ESTABLISHED": 18000}, "ss")
        equal(len(trouble.per_destination("established")), 3, "destinations")
        expect(host, [], "--once")


def test_a_surge(host):
    with Trouble("established", count=200, destinations=2, rate=1000, name="crowd"):
        expect(host, [], notes=["connection-surge"])
        check(trouble.states()["ESTABLISHED"] > 700, "ss: %s" % trouble.states())


def test_a_healthy_busy_host(host):
    with Trouble("healthy"):
        before = trouble.counter("ActiveOpens")
        expect(host, [])
        check(trouble.counter("ActiveOpens") > before + 500, "nothing went on")
        check(trouble.states()["ESTABLISHED"] >= 600, "ss: %s" % trouble.states())


# ---- local ports ----

def one_destination(host, kind, percent, wanted, **parameters):
    count = 2000 * percent // 100
    with Trouble(kind, count=count, destinations=1, ports=2000, name="webapp", **parameters) as made:
        state = {"time-wait": "TIME_WAIT", "established": "ESTABLISHED"}[kind]
        equal((trouble.states()[state], trouble.ports()), (count, 2000), "ss")
        findings = expect(host, wanted, "--once")
        for _, _ in wanted:
            blames(findings["ephemeral-ports"], "destination", FIRST)
            # As people write it.
            live = {row["key"]: row["live"] for row in findings["ephemeral-ports"]["parameters"]}
            equal(live["net.ipv4.ip_local_port_range"], "32768 34767", "live value")
            text = host.run("diagnose", "--once").expect(0).out
            check("destination %s, %s sockets\n" % (FIRST, format(count, ",")) in text, text)
        if wanted and kind == "established":
            blames_process(findings["ephemeral-ports"], made.pid("webapp"), "webapp")


def test_ports_by_time_wait(host):
    one_destination(host, "time-wait", 30, [])


def test_ports_by_time_wait_beyond_the_half(host):
    one_destination(host, "time-wait", 60, [("ephemeral-ports", "warning")])


def test_ports_by_time_wait_near_the_end(host):
    one_destination(host, "time-wait", 95, [("ephemeral-ports", "critical")])


def test_ports_by_established(host):
    one_destination(host, "established", 30, [])


def test_ports_by_established_beyond_the_half(host):
    one_destination(host, "established", 60, [("ephemeral-ports", "warning")])


def test_ports_by_established_near_the_end(host):
    one_destination(host, "established", 95, [("ephemeral-ports", "critical")])


def test_ports_that_are_taken_again(host):
    with Trouble("time-wait", count=1900, destinations=1, ports=2000, reuse=1):
        equal(trouble.states(), {"TIME_WAIT": 1900}, "ss")
        expect(host, [], "--once", notes=["time-wait-reusable"])
        harness.write_key("net.ipv4.tcp_timestamps", "0")
        expect(host, [("ephemeral-ports", "critical")], "--once")


def test_ports_of_the_loopback(host):
    with Trouble("time-wait", to="loopback", count=1900, destinations=1, ports=2000):
        equal(trouble.states(), {"TIME_WAIT": 1900, "LISTEN": 1}, "ss")
        equal(harness.read_key("net.ipv4.tcp_tw_reuse"), "2", "tcp_tw_reuse")
        expect(host, [], "--once", notes=["time-wait-reusable"])
        harness.write_key("net.ipv4.tcp_tw_reuse", "0")
        findings = expect(host, [("ephemeral-ports", "critical")], "--once")
        blames(findings["ephemeral-ports"], "destination", "127.0.0.1:8080")


def test_ports_of_ipv6(host):
    with Trouble("time-wait", family=6, count=1300, destinations=1, ports=2000):
        equal(trouble.states(), {"TIME_WAIT": 1300}, "ss")
        findings = expect(host, [("ephemeral-ports", "warning")], "--once")
        blames(findings["ephemeral-ports"], "destination", "[fd00::5]:8080")


# ---- TIME_WAIT and its limit ----

def near_the_limit(host, count, level):
    with Trouble("time-wait", count=count, limit=2000):
        equal((trouble.sockstat("tw"), harness.read_key("net.ipv4.tcp_max_tw_buckets")), (count, "2000"), "proc")
        expect(host, [("time-wait-limit", level)], "--once")


def test_time_wait_near_the_limit(host):
    near_the_limit(host, 1600, "warning")


def test_time_wait_at_the_limit(host):
    near_the_limit(host, 1950, "critical")


def test_time_wait_beyond_the_limit(host):
    with Trouble("time-wait", count=2500, limit=2000, rate=200):
        equal(trouble.sockstat("tw"), 2000, "sockstat")
        before = trouble.counter("TCPTimeWaitOverflow")
        expect(host, [("time-wait-limit", "critical")])
        check(trouble.counter("TCPTimeWaitOverflow") > before, "it did not move")


# ---- FIN_WAIT2 ----

def test_fin_wait2_that_is_held(host):
    with Trouble("fin-wait-2", count=600, name="halfclosed") as made:
        equal((trouble.states(), trouble.sockstat("tw")), ({"FIN_WAIT2": 600}, 0), "ss, sockstat")
        finding = expect(host, [("fin-wait2-pileup", "warning")], "--once")["fin-wait2-pileup"]
        blames_process(finding, made.pid("halfclosed"), "halfclosed")
        # Whom it waits for.
        names = [row["name"] for row in who(finding, "peer") + who(finding, "destination")]
        check({name.split(":")[0] for name in names} == {"10.0.0.5", "10.0.0.6", "10.0.0.7"}, "peers: %s" % names)


def test_fin_wait2_of_nobody(host):
    with Trouble("fin-wait-2", count=600, held=0):
        equal((trouble.states(), trouble.sockstat("tw")), ({"FIN_WAIT2": 600}, 600), "ss, sockstat")
        finding = expect(host, [("fin-wait2-pileup", "warning")], "--once")["fin-wait2-pileup"]
        equal(who(finding, "process"), [], "processes")


def test_some_fin_wait2(host):
    with Trouble("fin-wait-2", count=300, held=0), Trouble("fin-wait-2", count=150):
        equal(trouble.states(), {"FIN_WAIT2": 450}, "ss")
        expect(host, [], "--once")


# ---- listeners ----

def test_a_full_accept_queue(host):
    with Trouble("accept-queue", backlog=5, connects=20, name="stuck") as made:
        equal(trouble.listeners(), {HERE: (6, 5)}, "ss")
        check(trouble.counter("ListenOverflows") > 0, "nothing has overflowed")
        finding = expect(host, [("accept-queue", "critical")], "--once")["accept-queue"]
        blames(finding, "listener", HERE)
        blames_process(finding, made.pid("stuck"), "stuck")
        # It is the application's own backlog.
        check(not finding["sysctl_helps"], "a sysctl is said to help")
        # The command is no more than the name, and not repeated.
        text = host.run("diagnose", "--once").expect(0).out
        check("descriptors\n" in text and "descriptors: stuck" not in text, text)


def test_all_network_namespaces(host):
    """From elsewhere: the one with the trouble is found; the client's own is well, and its sockets are let alone."""
    with Trouble("accept-queue", backlog=5, connects=20, name="stuck") as made:
        report = host.run("diagnose", "--json", "--once", "--all-netns", prefix=["unshare", "-n"]).expect(0).json()
        places = {row["inode"]: row for row in report["namespaces"]}
        here, client = (places[str(os.stat("/proc/%s/ns/net" % pid).st_ino)] for pid in ("self", made.pid("client")))
        sane(here)
        equal(of_level(here, "critical", "warning"), [("accept-queue", "critical")], "findings of the server's")
        blames_process(here["findings"][0], made.pid("stuck"), "stuck")
        equal((here["is_own"], of_level(client, "critical", "warning")), (False, []), "findings of the client's")
        check("states" in here and "states" not in client, "sockets were walked through where they need not be")
        equal([row["is_own"] for row in places.values()].count(True), 1, "own namespaces")


def test_many_alike(host):
    """Of the text only: JSON has them all."""
    loopback_up()
    with contextlib.ExitStack() as sockets:
        for port in range(8000, 8013):
            server = sockets.enter_context(listening(socket.AF_INET, "127.0.0.1", port, backlog=0))
            client = sockets.enter_context(socket.create_connection(("127.0.0.1", port)))
            equal(client.getpeername()[1], port, "the port")
            check(server.fileno() >= 0, "the listener is closed")
        findings = expect_many(host, 13)
        text = host.run("diagnose", "--once").expect(0).out
        equal(text.count("critical accept-queue"), 10, "findings that are shown")
        contains(text, "3 more of accept-queue: -v shows them.", "13 findings")
        equal(host.run("diagnose", "--once", "-v").expect(0).out.count("critical accept-queue"), findings, "with -v")


def test_a_full_accept_queue_that_drops(host):
    with Trouble("accept-queue", backlog=5, connects=20, rate=100, name="stuck") as made:
        before = trouble.counter("ListenOverflows")
        finding = expect(host, [("accept-queue", "critical")])["accept-queue"]
        check(trouble.counter("ListenOverflows") > before, "nothing has overflowed")
        blames_process(finding, made.pid("stuck"), "stuck")


def test_a_full_accept_queue_of_somaxconn(host):
    with Trouble("accept-queue", backlog=0, connects=30, somaxconn=16, name="stuck") as made:
        equal(trouble.listeners(), {HERE: (17, 16)}, "ss")
        finding = expect(host, [("accept-queue", "critical")], "--once")["accept-queue"]
        blames_process(finding, made.pid("stuck"), "stuck")
        check(finding["sysctl_helps"], "no sysctl is said to help")
        check("net.core.somaxconn" in [row["key"] for row in finding["parameters"]], "parameters: %s" %
              finding["parameters"])


def test_an_accept_queue_that_fills(host):
    with Trouble("accept-queue", backlog=20, connects=16, name="slow") as made:
        equal(trouble.listeners(), {HERE: (16, 20)}, "ss")
        finding = expect(host, [("accept-queue", "warning")])["accept-queue"]
        blames(finding, "listener", HERE)
        blames_process(finding, made.pid("slow"), "slow")


def test_an_accept_queue_that_was_full(host):
    with Trouble("accept-queue", backlog=5, connects=20, drain=1):
        harness.wait_until(lambda: trouble.listeners() == {HERE: (0, 5)}, "the queue is empty")
        check(trouble.counter("ListenOverflows") > 0, "nothing has overflowed")
        expect(host, [], notes=["accept-queue-past"])


def test_a_listener_with_an_old_limit(host):
    with Trouble("accept-queue", backlog=0, connects=3, somaxconn=128, raised=4096, name="old") as made:
        equal(trouble.listeners(), {HERE: (3, 128)}, "ss")
        note = expect(host, [], "--once", "--deep", notes=["listener-old-limit"])["listener-old-limit"]
        blames(note, "listener", HERE)
        check(made.pid("old") in [row.get("pid") for row in note["who"]], "who: %s" % note["who"])


def test_a_full_accept_queue_of_ipv6(host):
    with Trouble("accept-queue", family=6, backlog=5, connects=20, name="stuck") as made:
        equal(trouble.listeners(), {"[fd00:0:0:1::1]:8080": (6, 5)}, "ss")
        finding = expect(host, [("accept-queue", "critical")], "--once")["accept-queue"]
        blames(finding, "listener", "[fd00:0:0:1::1]:8080")
        blames_process(finding, made.pid("stuck"), "stuck")


# ---- SYNs ----

def test_a_flood_with_cookies(host):
    with Trouble("syn-flood", backlog=64, cookies=1, name="web") as made:
        check(trouble.states()["SYN_RECV"] >= 64, "ss: %s" % trouble.states())
        check(trouble.counter("SyncookiesSent") > 0, "no cookies")
        equal(trouble.counter("SyncookiesRecv"), 0, "answers")
        finding = expect(host, [("syn-flood", "critical")])["syn-flood"]
        blames(finding, "listener", HERE)
        blames_process(finding, made.pid("web"), "web")


def test_a_flood_beside_a_full_accept_queue(host):
    # Both listen on port 8080, each at an address of its own, and the one must not hide the other.
    with Trouble("syn-flood", backlog=64, cookies=1), Trouble("accept-queue", backlog=5, name="stuck") as made:
        findings = expect(host, [("syn-flood", "critical"), ("accept-queue", "critical")])
        blames_process(findings["accept-queue"], made.pid("stuck"), "stuck")
        blames(findings["syn-flood"], "process")


def test_a_flood_without_cookies(host):
    with Trouble("syn-flood", backlog=64, cookies=0):
        check(trouble.states()["SYN_RECV"] >= 64, "ss: %s" % trouble.states())
        equal(trouble.counter("SyncookiesSent"), 0, "cookies")
        # Before a second has passed nobody can know whether they will answer.
        harness.wait_until(lambda: trouble.counter("TCPSynRetrans") >= 60, "the answers are sent again")
        finding = expect(host, [("syn-flood", "critical")])["syn-flood"]
        blames(finding, "listener", HERE)


def test_a_burst_of_clients(host):
    # 1,800 at any time are on their way; the server may be away for 300 ms, as on a busy machine, and loses none.
    with Trouble("syn-flood", backlog=1000, cookies=1, answer=600, rate=3000, name="web") as made:
        sent, received = trouble.counter("SyncookiesSent"), trouble.counter("SyncookiesRecv")
        finding = expect(host, [("syn-burst", "warning")])["syn-burst"]
        sent, received = trouble.counter("SyncookiesSent") - sent, trouble.counter("SyncookiesRecv") - received
        check(received > 0.8 * sent > 0, "%d of %d answered" % (received, sent))
        blames(finding, "listener", HERE)
        blames_process(finding, made.pid("web"), "web")


# ---- limits ----

def fill_conntrack(host, level, percent, rate=0):
    # It is of the whole machine, and cannot be lowered here.
    if int(harness.read_key("net.netfilter.nf_conntrack_max")) > 600000:
        raise harness.Skip("nf_conntrack_max is too large to be filled")
    with Trouble("conntrack", percent=percent, rate=rate):
        count, limit, before = trouble.conntrack()
        check(count >= limit / 100 * (percent - 1), "%d of %d entries" % (count, limit))
        expect(host, [("conntrack-full", level)])
        lost = trouble.conntrack()[2]
        check((lost > before) == (rate > 0), "%d, and then %d are lost" % (before, lost))


@contextlib.contextmanager
def skipping_without(path):
    if not os.path.exists(path):
        raise harness.Skip("%s is missing" % path)
    yield


def test_conntrack_fills(host):
    with skipping_without("/proc/net/stat/nf_conntrack"):
        fill_conntrack(host, "warning", 80)


def test_conntrack_is_nearly_full(host):
    with skipping_without("/proc/net/stat/nf_conntrack"):
        fill_conntrack(host, "critical", 95)


def test_conntrack_is_full(host):
    with skipping_without("/proc/net/stat/nf_conntrack"):
        fill_conntrack(host, "critical", 100, rate=500)


def descriptors(host, opened, level):
    with Trouble("descriptors", limit=256, open=opened, name="hoarder") as made:
        pid = made.pid("hoarder")
        equal(len(os.listdir("/proc/%d/fd" % pid)), opened, "descriptors")
        finding = expect(host, [("descriptor-limit", level)], "--once")["descriptor-limit"]
        blames_process(finding, pid, "hoarder")


def test_descriptors_run_short(host):
    descriptors(host, 190, "warning")


def test_descriptors_run_out(host):
    descriptors(host, 240, "critical")


def test_descriptors_of_another_namespace(host):
    """They share proc, but a verdict on one is not on the other."""
    with Trouble("descriptors", limit=256, open=240, prefix=["unshare", "-n"]):
        expect(host, [], "--once")


def test_descriptors_of_all_namespaces(host):
    """Seen from elsewhere, and told once."""
    with Trouble("descriptors", limit=256, open=240, name="overlooked") as made:
        report = host.run("diagnose", "--json", "--once", "--all-netns", prefix=["unshare", "-n"]).expect(0).json()
        told = [(row["is_own"], actor["pid"]) for row in report["namespaces"] for finding in row.get("findings", ())
                if finding["id"] == "descriptor-limit" for actor in finding["who"]]
        equal([pid for _, pid in told].count(made.pid("overlooked")), 1, "findings about it")
        check(all(is_own for is_own, _ in told), "told with another namespace")


# ---- traffic ----

def loses(host, percent, wanted):
    with Trouble("loss", percent=percent, rate=2000):
        segments, again = trouble.counter("OutSegs"), trouble.counter("RetransSegs")
        expect(host, wanted)
        segments, again = trouble.counter("OutSegs") - segments, trouble.counter("RetransSegs") - again
        check(segments > 1000 and (again > 0) == (percent > 0), "%d of %d were sent again" % (again, segments))


def test_no_loss(host):
    loses(host, 0, [])


def test_some_loss(host):
    loses(host, 3, [("retransmissions", "warning")])


def test_much_loss(host):
    loses(host, 15, [("retransmissions", "critical")])


def test_a_receiver_without_room(host):
    with Trouble("slow-reader"):
        before = trouble.counter("TCPRcvQDrop")
        expect(host, [("receive-drops", "warning")])
        check(trouble.counter("TCPRcvQDrop") > before, "nothing was dropped")


def test_churn(host):
    """No figure can be known then, but none may be absurd."""
    with Trouble("churn"):
        before = trouble.counter("ActiveOpens")
        for _ in range(50):
            diagnose(host, "--once")
        diagnose(host)
        check(trouble.counter("ActiveOpens") > before + 2000, "there was little of it")


CLOSING_CLIENT = """
import collections, os, socket, sys
listener = socket.socket()
listener.bind(("127.0.0.1", 80))
listener.listen(1000)
address = listener.getsockname()
if os.fork() == 0:
    while True:
        listener.accept()[0].close()
listener.close()
connections = collections.deque()
for _ in range(1000):
    connections.append(socket.create_connection(address))
print("ready", flush=True)
while True:
    connections.popleft().close()
    connections.append(socket.create_connection(address))
"""


def test_close_wait_that_goes_while_it_is_looked_at(host):
    """What is closed between the walk and the second look is over; it does not make the ages of all unknown."""
    script = "ip link set lo up; exec python3 -c \"$0\""
    process = subprocess.Popen(["sh", "-c", script, CLOSING_CLIENT], stdout=subprocess.PIPE, start_new_session=True)
    try:
        equal(process.stdout.readline(), b"ready\n", "the client")
        for _ in range(20):
            for finding in diagnose(host, "--once")["findings"]:
                check("netlink" not in finding["text"], finding["text"])
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


# ---- counts, and other users ----

def test_counts_of_ss(host):
    """Of every family and of many states at once."""
    families = {"4": 300, "6": 200, "mapped": 100}
    with contextlib.ExitStack() as stack:
        for family, count in families.items():
            for kind in ("time-wait", "established", "close-wait", "fin-wait-2"):
                stack.enter_context(Trouble(kind, family=family, count=count))
            stack.enter_context(Trouble("fin-wait-2", family=family, count=count // 2, held=0))
        theirs, report = between(lambda: diagnose(host, "--once"))
        wanted = {"TIME_WAIT": 600, "ESTABLISHED": 600, "CLOSE_WAIT": 600, "FIN_WAIT2": 900, "LISTEN": 3}
        equal(trouble.states(), wanted, "ss")
        ours = {name.upper(): count for name, count in report["states"].items() if count}
        equal(ours, {state: four + six for state, (four, _, six) in theirs.items()}, "the counts of ss")


def test_unprivileged(host):
    prefix = host.unprivileged()
    with Trouble("accept-queue", backlog=5, connects=20):
        report = diagnose(host, "--once", prefix=prefix)
        equal(of_level(report, "critical", "warning"), [("accept-queue", "critical")], "findings")
        check("unseen" in [row["id"] for row in report["findings"]], "nothing is said of what was not seen")


# ---- what must grow old ----

def test_close_wait_of_several_owners(host):
    """One leaks; one is busy, and closes after a second; one does not read; one leaks too few to say so."""
    with Trouble("close-wait", count=150, name="leaky") as leaky, \
            Trouble("close-wait", count=150, unread=500, name="stalled") as stalled, \
            Trouble("close-wait", count=90, name="few") as few, \
            Trouble("close-wait", count=300, lifetime=1000, name="busy") as busy:
        old = [trouble.await_age(owner.pid(name), 60000)
               for owner, name in ((leaky, "leaky"), (stalled, "stalled"), (few, "few"))]
        equal([len(rows) for rows in old], [150, 150, 90], "ss")
        check(all(unread == 1 for unread, _ in old[0] + old[2]), "unread: only the FIN")
        check(all(unread == 501 for unread, _ in old[1]), "unread")
        check(all(age < 10000 for _, age in trouble.close_waits(busy.pid("busy"))), "the busy one does not close")
        findings = expect(host, [("close-wait-leak", "warning"), ("close-wait-stalled", "warning")], "--once")
        blames_process(findings["close-wait-leak"], leaky.pid("leaky"), "leaky")
        blames_process(findings["close-wait-stalled"], stalled.pid("stalled"), "stalled")
        check(not findings["close-wait-leak"]["sysctl_helps"], "a sysctl is said to help")


def test_close_wait_that_grows_old(host):
    with Trouble("close-wait", count=1200, name="leaky") as made:
        pid = made.pid("leaky")
        expect(host, [], "--once", notes=["close-wait-young"])
        trouble.await_age(pid, 10000)
        blames_process(expect(host, [("close-wait-leak", "warning")], "--once")["close-wait-leak"], pid, "leaky")
        trouble.await_age(pid, 60000)
        blames_process(expect(host, [("close-wait-leak", "critical")], "--once")["close-wait-leak"], pid, "leaky")


SLOW = (test_close_wait_of_several_owners, test_close_wait_that_grows_old)
# Under sanitizers the code is looked at, not the kernel: 50,000 sockets take the same way through it, and the unit tests
# have every age.
if os.environ.get("KERNTUNE_SANITIZED"):
    SLOW = ()
    del test_two_hundred_thousand_time_wait, test_close_wait_of_several_owners, test_close_wait_that_grows_old


if __name__ == "__main__":
    harness.main(globals())
