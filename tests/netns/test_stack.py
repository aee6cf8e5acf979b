# SPDX-License-Identifier: MIT
"""Changes one upon another, restored in any order: held against a model of chains of values."""

import itertools
import random

import harness
from harness import check, contains, equal, identical, moved_since, read_key, snapshot, write_key

SOMAXCONN, FIN, KEEPALIVE = "net.core.somaxconn", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_time"
WMEM, SYN = "net.ipv4.tcp_wmem", "net.ipv4.tcp_syn_retries"
ORDERS = list(itertools.permutations(range(3)))


class Model:
    """Per key the value that nobody here set, and above it the changes that hold the key, oldest first."""

    def __init__(self, keys):
        self.base = {key: read_key(key) for key in keys}
        self.chains = {key: [] for key in keys}

    def shown(self, key):
        return self.chains[key][-1][1] if self.chains[key] else self.base[key]

    def apply(self, change, parameters):
        for key, value in parameters.items():
            self.chains[key].append((change, value))

    def take_out(self, change, keys):
        for key in keys:
            self.chains[key] = [link for link in self.chains[key] if link[0] != change]

    def restore(self, change):
        self.take_out(change, self.chains)

    def holders(self):
        return {change for chain in self.chains.values() for change, _ in chain}

    def agrees(self, what):
        for key in self.chains:
            equal(read_key(key), self.shown(key), "%s: %s with the chain %r" % (what, key, self.chains[key]))


def apply_all(host, model, profiles):
    """Returns the ids, oldest first."""
    ids = []
    for parameters in profiles:
        document = host.run("--json", "apply", "-y", host.profile(parameters)).expect(0).json()
        ids.append(document["id"])
        model.apply(document["id"], parameters)
        model.agrees("after an apply")
    equal(ids, sorted(set(ids)), "ids in the order in which they were made")
    return ids


def restored_in_all_orders(host, profiles):
    before = snapshot()
    keys = sorted({key for parameters in profiles for key in parameters})
    for order in ORDERS:
        model = Model(keys)
        ids = apply_all(host, model, profiles)
        host.run("status").expect(0)
        for index in order:
            host.run("restore", ids[index]).expect(0)
            model.restore(ids[index])
            model.agrees("restoring in the order %s, after %d" % (order, index))
            host.run("status").expect(0)
        identical(before, "restored in the order %s" % (order,))
        equal(host.run("--json", "restore").expect(0).json()["outcome"], "nothing_to_do", "one restore more")


def test_three_changes_in_all_orders(host):
    restored_in_all_orders(host, [
        {SOMAXCONN: "5000", FIN: "31", KEEPALIVE: "601"},
        {SOMAXCONN: "6000", FIN: "32", WMEM: "4096 16385 4194305"},
        {SOMAXCONN: "7000", WMEM: "4096 16386 4194306", KEEPALIVE: "602"},
    ])


def test_equal_values_in_all_orders(host):
    """What a change asks for and finds is its own as well: it stays when the change beneath is taken out."""
    base = read_key(FIN)
    restored_in_all_orders(host, [
        {SOMAXCONN: "5000", FIN: "31", KEEPALIVE: "601"},
        {SOMAXCONN: "5000", FIN: base, WMEM: "4096 16385 4194305"},
        {SOMAXCONN: "5000", FIN: "31", KEEPALIVE: "601", SYN: "4"},
    ])


def test_the_one_in_the_middle(host):
    before = snapshot()
    model = Model([SOMAXCONN, FIN, KEEPALIVE])
    ids = apply_all(host, model, [{SOMAXCONN: "5000", FIN: "31"}, {SOMAXCONN: "6000", FIN: "32"},
                                  {SOMAXCONN: "7000", KEEPALIVE: "601"}])
    document = host.run("--json", "restore", ids[1]).expect(0).json()
    model.restore(ids[1])
    model.agrees("without the one in the middle")
    equal({row["key"]: row["status"] for row in document["parameters"]}, {SOMAXCONN: "unchanged", FIN: "restored"},
          "statuses")
    states = {row["id"]: row["state"] for row in host.run("--json", "history").json()["changes"]}
    equal([states[change] for change in ids], ["standing", "undone", "standing"], "states")
    # Plain restore goes on from the newest.
    for index in (2, 0):
        host.run("restore").expect(0)
        model.restore(ids[index])
        model.agrees("after plain restores")
    identical(before, "after all")


def restored_one_key_in_the_middle(host, top):
    """The middle of three gives up one key; its other key still belongs to it, whatever stands above."""
    before = snapshot()
    model = Model([SOMAXCONN, FIN, KEEPALIVE])
    ids = apply_all(host, model, [{SOMAXCONN: "5000", FIN: "31", KEEPALIVE: "601"},
                                  {SOMAXCONN: "6000", FIN: "32"}, top])
    host.run("restore", ids[1], "--only", SOMAXCONN).expect(0)
    model.take_out(ids[1], [SOMAXCONN])
    model.agrees("without one key of the middle one")
    for index in (2, 1, 0):
        host.run("restore", ids[index]).expect(0)
        model.restore(ids[index])
        model.agrees("after restoring %d" % index)
    identical(before, "after all")


def test_one_key_of_the_one_in_the_middle(host):
    restored_one_key_in_the_middle(host, {SOMAXCONN: "7000", KEEPALIVE: "602"})


def test_one_key_while_a_newer_change_shows_the_original_of_the_other(host):
    restored_one_key_in_the_middle(host, {SOMAXCONN: "7000", FIN: "31"})


# ---- somebody else in between ----

def foreign_write_in_between(host):
    """Returns the snapshot before, the ids of both changes, and what stood beneath them."""
    before = snapshot()
    model = Model([SOMAXCONN, FIN])
    first, = apply_all(host, model, [{SOMAXCONN: "5000", FIN: "31"}])
    write_key(SOMAXCONN, "7000")
    second = host.run("--json", "apply", "-y", host.profile({SOMAXCONN: "6000"})).expect(0).json()["id"]
    return before, first, second, model.base[SOMAXCONN]


def test_foreign_write_in_between_newest_first(host):
    before, first, second, original = foreign_write_in_between(host)
    host.run("restore", second).expect(0)
    equal(read_key(SOMAXCONN), "7000", "the foreign value")
    contains(host.run("restore", first).expect(4).err, "original %s, ours 5000, now 7000" % original)
    equal(moved_since(before), {"net/core/somaxconn"}, "what is not back")
    host.run("restore", first, "--force").expect(0)
    identical(before, "after --force")


def test_foreign_write_in_between_oldest_first(host):
    """The older change no longer holds the key: neither its value nor its original is written."""
    before, first, second, original = foreign_write_in_between(host)
    contains(host.run("restore", first).expect(4).err, "original %s, ours 5000, now 6000" % original)
    equal(moved_since(before), {"net/core/somaxconn"}, "what is not back")
    host.run("restore", second).expect(0)
    equal(read_key(SOMAXCONN), "7000", "the foreign value")
    host.run("restore", first).expect(4)
    host.run("restore", first, "--force").expect(0)
    identical(before, "after --force")


def test_foreign_write_on_top(host):
    before = snapshot()
    model = Model([SOMAXCONN, FIN])
    ids = apply_all(host, model, [{SOMAXCONN: "5000", FIN: "31"}, {SOMAXCONN: "6000", FIN: "32"}])
    write_key(SOMAXCONN, "7000")
    contains(host.run("restore", ids[1]).expect(4).err, "original 5000, ours 6000, now 7000")
    equal([read_key(SOMAXCONN), read_key(FIN)], ["7000", "31"], "values")
    host.run("restore", ids[1], "--force").expect(0)
    equal(read_key(SOMAXCONN), "5000", "the value beneath")
    host.run("restore", ids[0]).expect(0)
    identical(before, "after all")


def test_status_names_who_answers_for_a_key(host):
    """A foreign change is drift as long as any change holds the key: one that gave it up, or that found the value and
    wrote nothing, hides it from nobody."""
    model = Model([SOMAXCONN, FIN])
    ids = apply_all(host, model, [{SOMAXCONN: "5000"}, {SOMAXCONN: "6000", FIN: "31"}])
    host.run("restore", ids[1], "--only", SOMAXCONN).expect(0)
    host.run("status").expect(0)
    write_key(SOMAXCONN, "7000")
    contains(host.run("status").expect(1).out, "drifted: net.core.somaxconn: original %s, ours 5000, now 7000"
             % model.base[SOMAXCONN])
    write_key(SOMAXCONN, "5000")
    host.run("apply", "-y", host.profile({SOMAXCONN: "5000", FIN: "32"})).expect(0)
    host.run("status").expect(0)
    write_key(SOMAXCONN, "7000")
    contains(host.run("status").expect(1).out, "drifted: net.core.somaxconn", "now 7000")


# ---- side effects ----

FORWARD, LO, ALL = "net.ipv4.ip_forward", "net.ipv4.conf.lo.forwarding", "net.ipv4.conf.all.accept_redirects"


def side_effects_in_all_orders(host, profiles):
    """The last of the three restores brings everything back, also what moved along with none of them left."""
    write_key("net.ipv4.conf.default.forwarding", "1")
    write_key("net.ipv4.conf.lo.accept_redirects", "0")
    write_key(LO, "1")
    before = snapshot()
    for order in ORDERS:
        ids = [host.run("--json", "apply", "-y", host.profile(parameters)).expect(0).json()["id"]
               for parameters in profiles]
        for index in order:
            host.run("restore", ids[index]).expect(0)
        identical(before, "restored in the order %s" % (order,))


def test_side_effects_in_all_orders(host):
    side_effects_in_all_orders(host, [{FORWARD: "1"}, {LO: "0"}, {ALL: "1"}])


def test_side_effects_twice_over_in_all_orders(host):
    side_effects_in_all_orders(host, [{FORWARD: "1"}, {LO: "0", ALL: "1"}, {FORWARD: "0"}])


def test_explicit_keys_above_a_side_effect(host):
    """A change that set what an older one had moved along keeps it when the older one goes."""
    before = snapshot()
    older = host.run("--json", "apply", "-y", host.profile({FORWARD: "1"})).expect(0).json()["id"]
    newer = host.run("--json", "apply", "-y", host.profile({"net.ipv4.conf.default.forwarding": "0",
                                                            LO: "1", FIN: "31"})).expect(0).json()["id"]
    host.run("restore", older).expect(0)
    equal([read_key(FORWARD), read_key(LO), read_key(FIN)], ["0", "1", "31"], "what the newer change set")
    host.run("status").expect(0)
    host.run("restore", newer).expect(0)
    identical(before, "after both")


# ---- at random ----

ROUNDS = 60
VALUES = {
    SOMAXCONN: ["5000", "6000"],
    FIN: ["31", "32", "60"],
    KEEPALIVE: ["601", "602", "7200"],
    WMEM: ["4096 16385 4194305", "4096 16386 4194306"],
    SYN: ["3", "4"],
}


def random_apply(host, chance, model):
    parameters = {key: chance.choice(VALUES[key]) for key in chance.sample(sorted(VALUES), chance.randint(1, 4))}
    document = host.run("--json", "apply", "-y", host.profile(parameters)).expect(0).json()
    holds = all(model.shown(key) == value for key, value in parameters.items())
    equal(document["outcome"], "nothing_to_do" if holds else "applied", "outcome")
    if not holds:
        model.apply(document["id"], parameters)
    return "apply %s: %r" % (document["id"], parameters)


def random_restore_of_one_key(host, chance, model):
    change = chance.choice(sorted(model.holders()))
    key = chance.choice(sorted(key for key, chain in model.chains.items() if change in dict(chain)))
    host.run("restore", change, "--only", key).expect(0)
    model.take_out(change, [key])
    if harness.record(change)["state"] == "undone":
        # Over is one that has nothing left but what it found and nobody had set.
        for left, chain in model.chains.items():
            check(change not in dict(chain) or chain[0] == (change, model.base[left]),
                  "%s is undone while it holds %s in %r" % (change, left, chain))
        model.restore(change)
    return "restore %s --only %s" % (change, key)


def random_restore(host, chance, model):
    change = chance.choice(sorted(model.holders()))
    host.run("restore", change).expect(0)
    model.restore(change)
    return "restore " + change


def test_random_applies_and_restores(host):
    before = snapshot()
    chance, model, done = random.Random(20261125), Model(VALUES), []
    for _ in range(ROUNDS):
        undoing = chance.choice([random_restore, random_restore_of_one_key])
        step = undoing if model.holders() and chance.random() < 0.5 else random_apply
        done.append(step(host, chance, model))
        model.agrees("; ".join(done))
        host.run("status").expect(0)
    check(len(model.holders()) > 2, "the rounds leave no stack")
    while model.holders():
        done.append(random_restore(host, chance, model))
        model.agrees("; ".join(done))
    identical(before, "after all are restored")


if __name__ == "__main__":
    harness.main(globals())
