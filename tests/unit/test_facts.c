/* SPDX-License-Identifier: MIT */
/* Which host this is, from below the root alone. */
#define _GNU_SOURCE
#include "kernel/facts.h"

#include "base/memory.h"
#include "fake_kernel.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

static void test_facts_come_from_the_root(void **state)
{
	struct fake_kernel kernel;
	CLEANUP_ARENA struct arena arena;
	struct host host;

	(void)state;
	arena_init(&arena);
	fake_kernel_make(&kernel);
	assert_int_equal(facts_host(&kernel.root, &arena, &host), 0);
	assert_string_equal(host.hostname, "fakehost");
	assert_string_equal(host.kernel, "6.18.44");
	assert_string_equal(host.boot_id, "11111111-2222-3333-4444-555555555555");
	assert_string_equal(host.netns, "4026531840");
	fake_kernel_remove(&kernel);
}

static void test_what_is_missing_or_hostile_is_empty(void **state)
{
	struct fake_kernel kernel;
	CLEANUP_ARENA struct arena arena;
	struct host host;

	(void)state;
	arena_init(&arena);
	fake_kernel_make(&kernel);
	assert_int_equal(unlinkat(kernel.procsys.dir_fd, "kernel/hostname", 0), 0);
	temp_dir_add_fifo(&kernel.dir, "proc/sys/kernel/hostname");
	assert_int_equal(unlinkat(kernel.procsys.dir_fd, "kernel/osrelease", 0), 0);
	temp_dir_add_dir(&kernel.dir, "proc/sys/kernel/osrelease", 0755);
	assert_int_equal(unlinkat(kernel.procsys.dir_fd, "kernel/random/boot_id", 0), 0);
	assert_int_equal(unlinkat(kernel.dir.fd, "proc/self/ns/net", 0), 0);
	temp_dir_add_link(&kernel.dir, "proc/self/ns/net", "/etc/passwd");
	assert_int_equal(facts_host(&kernel.root, &arena, &host), 0);
	assert_string_equal(host.hostname, "");
	assert_string_equal(host.kernel, "");
	assert_string_equal(host.boot_id, "");
	assert_string_equal(host.netns, "");
	fake_kernel_remove(&kernel);
}

static void test_memory_failure(void **state)
{
	struct fake_kernel kernel;
	unsigned long failures, n = 0;

	(void)state;
	fake_kernel_make(&kernel);
	do {
		CLEANUP_ARENA struct arena arena;
		struct host host;
		int r;

		arena_init(&arena);
		memory_fail_at(++n);
		r = facts_host(&kernel.root, &arena, &host);
		failures = memory_failures();
		memory_fail_at(0);
		assert_int_equal(r, failures ? -ENOMEM : 0);
	} while (failures);
	fake_kernel_remove(&kernel);
}

/* ---- the machine ---- */

static struct machine machine_of(const struct fake_kernel *kernel, struct arena *arena)
{
	struct machine machine;

	assert_int_equal(facts_machine(&kernel->root, arena, &machine), 0);
	return machine;
}

static void test_a_machine_of_files(void **state)
{
	struct fake_kernel kernel;
	CLEANUP_ARENA struct arena arena;
	struct machine machine;

	(void)state;
	arena_init(&arena);
	fake_kernel_make(&kernel);
	temp_dir_write(&kernel.dir, "proc/meminfo", "MemTotal:       268435456 kB\nMemFree:        1 kB\n");
	temp_dir_write(&kernel.dir, "proc/stat", "cpu  1 2 3\ncpu0 1 2 3\ncpu2 1 2 3\ncpu11 1 2 3\nintr 9 9\ncpu12 no\n");
	temp_dir_write(&kernel.dir, "proc/self/smaps", "0-1 r-xp 0 0:0 0\nSize: 64 kB\nKernelPageSize:       64 kB\n");
	machine = machine_of(&kernel, &arena);
	assert_true(machine.ram_bytes == UINT64_C(268435456) * 1024);
	assert_int_equal(machine.cpus, 3);
	assert_int_equal(machine.page_size, 65536);
	assert_string_equal(machine.release, "6.18.44");
	/* It has no key of the first namespace alone; with one, it is that. */
	assert_true(machine.in_netns);
	temp_dir_write(&kernel.dir, "proc/sys/net/core/dev_weight", "64\n");
	assert_false(machine_of(&kernel, &arena).in_netns);
	fake_kernel_remove(&kernel);
}

static void test_a_machine_that_nobody_knows(void **state)
{
	static const char *const texts[] = { "", "\n\n", "cpu", "MemTotal:", "MemTotal: x kB\nKernelPageSize: 3 kB\n",
		"MemTotal: 99999999999999999999999 kB\nKernelPageSize: 1024 kB" };
	struct fake_kernel kernel;
	CLEANUP_ARENA struct arena arena;
	struct machine machine;

	(void)state;
	arena_init(&arena);
	fake_kernel_make(&kernel);
	temp_dir_add_dir(&kernel.dir, "proc/meminfo", 0755);
	machine = machine_of(&kernel, &arena);
	assert_true(machine.ram_bytes == 0 && machine.cpus == 0 && machine.page_size == 4096);
	assert_int_equal(unlinkat(kernel.dir.fd, "proc/meminfo", AT_REMOVEDIR), 0);
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		temp_dir_write(&kernel.dir, "proc/meminfo", texts[i]);
		temp_dir_write(&kernel.dir, "proc/stat", texts[i]);
		temp_dir_write(&kernel.dir, "proc/self/smaps", texts[i]);
		machine = machine_of(&kernel, &arena);
		assert_true(machine.ram_bytes == 0 && machine.cpus == 0 && machine.page_size == 4096);
	}
	assert_int_equal(unlinkat(kernel.procsys.dir_fd, "net/core/somaxconn", 0), 0);
	assert_false(machine_of(&kernel, &arena).in_netns);
	fake_kernel_remove(&kernel);
}

static void test_this_machine(void **state)
{
	CLEANUP_ROOTDIR struct rootdir root = ROOTDIR_INIT;
	CLEANUP_ARENA struct arena arena;
	struct machine machine;
	struct sysinfo info;
	struct utsname uts;

	(void)state;
	arena_init(&arena);
	assert_int_equal(rootdir_open("/", &root), 0);
	assert_int_equal(facts_machine(&root, &arena, &machine), 0);
	assert_return_code(sysinfo(&info), errno);
	assert_return_code(uname(&uts), errno);
	assert_true(machine.ram_bytes == (uint64_t)info.totalram * info.mem_unit);
	assert_int_equal(machine.page_size, sysconf(_SC_PAGESIZE));
	assert_int_equal(machine.cpus, sysconf(_SC_NPROCESSORS_ONLN));
	assert_string_equal(machine.release, uts.release);
}

/* ---- modules ---- */

static bool has_module(const struct fake_kernel *kernel, struct arena *arena, const char *release, const char *name)
{
	bool has = false;

	assert_int_equal(facts_module(&kernel->root, arena, release, name, &has), 0);
	return has;
}

static bool can_load(const struct fake_kernel *kernel, struct arena *arena, const char *release, const char *name)
{
	bool can = false;

	assert_int_equal(facts_loadable(&kernel->root, arena, release, name, &can), 0);
	return can;
}

static void test_modules(void **state)
{
	static const char *const there[] = { "tcp_bbr", "tcp-bbr", "nf_conntrack", "xt_set", "xt-set",
		"tcp_cubic", "tcp-cubic", "sch_fq", "aes-x86_64", "aes_x86-64", "br_netfilter" };
	static const char *const missing[] = { "tcp", "tcp_bb", "tcp_bbr2", "bbr", "Live", "188416", "kernel",
		"net", "ko", "fq" };
	struct fake_kernel kernel;
	CLEANUP_ARENA struct arena arena;

	(void)state;
	arena_init(&arena);
	fake_kernel_make(&kernel);
	for (size_t i = 0; i < COUNT_OF(there); i++)
		check_row(!has_module(&kernel, &arena, "6.18.44", there[i]), "%s", there[i]);
	temp_dir_add_dir(&kernel.dir, "sys/module/tcp_bbr", 0755);
	temp_dir_write(&kernel.dir, "proc/modules", "nf_conntrack 188416 1 nf_nat, Live 0x0\nxt_set 1 0 - Live 0x0\n");
	temp_dir_write(&kernel.dir, "lib/modules/6.18.44/modules.builtin",
		"kernel/net/ipv4/tcp_cubic.ko\nkernel/net/sched/sch_fq.ko.xz\nkernel/crypto/aes-x86_64.ko\n");
	temp_dir_write(&kernel.dir, "proc/sys/net/bridge/bridge-nf-call-iptables", "1\n");
	for (size_t i = 0; i < COUNT_OF(there); i++)
		check_row(has_module(&kernel, &arena, "6.18.44", there[i]), "%s", there[i]);
	for (size_t i = 0; i < COUNT_OF(missing); i++)
		check_row(!has_module(&kernel, &arena, "6.18.44", missing[i]), "%s", missing[i]);

	/* Another kernel's list does not count, and a release is no path. */
	assert_false(has_module(&kernel, &arena, "6.18.45", "tcp_cubic"));
	temp_dir_write(&kernel.dir, "proc/sys/net/ipv4/tcp_available_congestion_control", "reno htcp vegas\n");
	assert_true(has_module(&kernel, &arena, "", "tcp_htcp") && has_module(&kernel, &arena, "", "tcp_vegas"));
	assert_false(has_module(&kernel, &arena, "", "tcp_veg") || has_module(&kernel, &arena, "", "htcp"));
	assert_false(can_load(&kernel, &arena, "6.18.44", "sch_cake"));
	temp_dir_write(&kernel.dir, "lib/modules/6.18.44/modules.dep",
		"kernel/net/sched/sch_cake.ko.xz:\nkernel/net/netfilter/xt_x.ko: kernel/net/netfilter/needed.ko\n");
	assert_true(can_load(&kernel, &arena, "6.18.44", "sch-cake") && can_load(&kernel, &arena, "6.18.44", "xt_x"));
	assert_true(can_load(&kernel, &arena, "6.18.44", "tcp_bbr") && can_load(&kernel, &arena, "", "tcp_vegas"));
	assert_false(can_load(&kernel, &arena, "6.18.44", "needed") || can_load(&kernel, &arena, "6.18.44", "sch_cak"));
	assert_false(has_module(&kernel, &arena, "6.18.44", "sch_cake") || can_load(&kernel, &arena, "6.1", "sch_cake"));
	assert_false(has_module(&kernel, &arena, "", "tcp_cubic"));
	assert_false(has_module(&kernel, &arena, "../modules/6.18.44", "tcp_cubic"));
	fake_kernel_remove(&kernel);
}

static void test_facts_are_kept(void **state)
{
	struct fake_kernel kernel;
	CLEANUP_ARENA struct arena arena;
	const struct machine *machine;
	struct fact_source source;
	struct facts facts;
	bool has;

	(void)state;
	arena_init(&arena);
	fake_kernel_make(&kernel);
	facts_init(&facts, &kernel.root, &arena);
	source = facts_source(&facts);
	assert_int_equal(source.has_key(source.context, "net/core/somaxconn", &has), 0);
	assert_true(has);
	assert_int_equal(source.has_key(source.context, "net/core/nothing", &has), 0);
	assert_false(has);
	/* A key alone asks for nothing else. */
	assert_false(facts.has_machine);
	temp_dir_write(&kernel.dir, "proc/meminfo", "MemTotal: 4 kB\n");
	assert_int_equal(source.machine(source.context, &machine), 0);
	temp_dir_write(&kernel.dir, "proc/meminfo", "MemTotal: 8 kB\n");
	assert_int_equal(source.machine(source.context, &machine), 0);
	assert_true(machine->ram_bytes == 4096);
	assert_int_equal(source.has_module(source.context, "nothing", &has), 0);
	assert_false(has);
	fake_kernel_remove(&kernel);
}

/* ---- shortage ---- */

/* Every fact of a machine without modules. 0 or the first error. */
static int ask_all(const struct fake_kernel *kernel, struct arena *arena)
{
	struct facts facts;
	struct fact_source source;
	const struct machine *machine;
	bool has = false, loads = false, exists = false;
	int r;

	facts_init(&facts, &kernel->root, arena);
	source = facts_source(&facts);
	r = source.machine(source.context, &machine);
	if (r == 0)
		r = source.has_module(source.context, "nf_conntrack", &has);
	if (r == 0)
		r = source.can_load(source.context, "br_netfilter", &loads);
	if (r == 0)
		r = source.has_key(source.context, "net/core/somaxconn", &exists);
	if (r == 0)
		assert_true(!has && !loads && exists);
	return r;
}

static void test_short_memory_is_no_answer(void **state)
{
	struct fake_kernel kernel;
	unsigned long failures, n = 0;

	(void)state;
	fake_kernel_make(&kernel);
	do {
		CLEANUP_ARENA struct arena arena;
		int r;

		arena_init(&arena);
		memory_fail_at(++n);
		r = ask_all(&kernel, &arena);
		failures = memory_failures();
		memory_fail_at(0);
		assert_int_equal(r, failures ? -ENOMEM : 0);
	} while (failures);
	fake_kernel_remove(&kernel);
}

/* Without a descriptor no file can be looked at, which does not mean that it is not there. */
static void test_short_descriptors_are_no_answer(void **state)
{
	struct fake_kernel kernel;
	CLEANUP_ARENA struct arena arena;
	struct rlimit limit, none;
	struct machine machine;
	bool has;

	(void)state;
	arena_init(&arena);
	fake_kernel_make(&kernel);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = limit.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(facts_machine(&kernel.root, &arena, &machine), -EMFILE);
	assert_int_equal(facts_module(&kernel.root, &arena, "6.1.0", "nf_conntrack", &has), -EMFILE);
	assert_int_equal(facts_loadable(&kernel.root, &arena, "6.1.0", "tcp_bbr", &has), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	fake_kernel_remove(&kernel);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts_come_from_the_root),
		cmocka_unit_test(test_what_is_missing_or_hostile_is_empty),
		cmocka_unit_test(test_memory_failure),
		cmocka_unit_test(test_a_machine_of_files),
		cmocka_unit_test(test_a_machine_that_nobody_knows),
		cmocka_unit_test(test_this_machine),
		cmocka_unit_test(test_modules),
		cmocka_unit_test(test_facts_are_kept),
		cmocka_unit_test(test_short_memory_is_no_answer),
		cmocka_unit_test(test_short_descriptors_are_no_answer),
	};

	return RUN_TESTS(tests);
}
