/* SPDX-License-Identifier: MIT */
/* What can be said of systemd's services without a systemd: one that is there is not to be bothered by a test. */
#define _GNU_SOURCE
#include "kernel/systemd.h"

#include "kernel/daemon.h"
#include "unit.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static bool is_booted(void)
{
	return access("/run/systemd/system", F_OK) == 0;
}

static void test_no_systemd_is_in_charge_of_nothing(void **state)
{
	(void)state;
	if (!is_booted())
		assert_false(systemd_is_in_charge());
}

/* Refused before anything is started. */
static void test_too_many_arguments(void **state)
{
	const char *arguments[SYSTEMD_ARGUMENTS_MAX + 2] = { NULL };

	(void)state;
	for (size_t i = 0; i <= SYSTEMD_ARGUMENTS_MAX; i++)
		arguments[i] = "argument";
	assert_int_equal(systemd_start_service("kerntune-test", arguments), -EINVAL);
}

/* There is no systemd-run, or it has nobody to talk to. */
static void test_a_service_without_systemd(void **state)
{
	static const char *const arguments[] = { "--help", NULL };
	int r;

	(void)state;
	if (is_booted())
		return;
	r = systemd_start_service("kerntune-test", arguments);
	assert_true(r == -ENOENT || r == -ECHILD);
}

static int listen_as(const char *name, size_t length)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	memcpy(address.sun_path, name, length);
	assert_return_code(bind(fd, (const struct sockaddr *)&address,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)), errno);
	return fd;
}

/* systemd passes either a path or an abstract name. */
static void test_readiness_arrives(void **state)
{
	char directory[] = "/tmp/notify-XXXXXX", path[64], abstract[64], message[16];

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/socket", directory);
	snprintf(abstract, sizeof(abstract), "@%s", directory);
	for (int i = 0; i < 2; i++) {
		char name[64] = "";
		const char *variable = i == 0 ? path : abstract;
		int server, fd;

		memcpy(name, variable, strlen(variable));
		if (name[0] == '@')
			name[0] = '\0';
		server = listen_as(name, strlen(variable));
		setenv("NOTIFY_SOCKET", variable, 1);
		fd = systemd_notify_open();
		assert_true(fd >= 0);
		assert_int_equal(daemon_ready(fd), 0);
		assert_int_equal(recv(server, message, sizeof(message), MSG_DONTWAIT), 7);
		assert_memory_equal(message, "READY=1", 7);
		close(server);
	}
	unlink(path);
	rmdir(directory);
}

static void test_readiness_without_anybody_to_tell(void **state)
{
	char name[200];

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(systemd_notify_open(), -ENOTCONN);
	setenv("NOTIFY_SOCKET", "", 1);
	assert_int_equal(systemd_notify_open(), -ENOTCONN);
	setenv("NOTIFY_SOCKET", "/nonexistent/socket", 1);
	assert_int_equal(systemd_notify_open(), -ENOENT);
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	setenv("NOTIFY_SOCKET", name, 1);
	assert_int_equal(systemd_notify_open(), -ENAMETOOLONG);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_systemd_is_in_charge_of_nothing),
		cmocka_unit_test(test_too_many_arguments),
		cmocka_unit_test(test_a_service_without_systemd),
		cmocka_unit_test(test_readiness_arrives),
		cmocka_unit_test(test_readiness_without_anybody_to_tell),
	};

	return RUN_TESTS(tests);
}
