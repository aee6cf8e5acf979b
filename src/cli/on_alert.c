/* SPDX-License-Identifier: MIT */
/* Programs that are told of alarms. */
#define _GNU_SOURCE
#include "cli/on_alert.h"

#include "engine/trust.h"

#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>

static int refuse(struct watch_view *view, const char *path, int error)
{
	return app_fail(view->app, EXIT_INVALID, "bad-program", "--on-alert \"%s\": %s", path, error == -EACCES ?
		"it is no file that may be executed" : strerror(-error));
}

void on_alert_init(struct watch_view *view, struct on_alert *ret_on_alert)
{
	*ret_on_alert = (struct on_alert){ .program = PROGRAM_INIT, .view = view };
	for (size_t i = 0; i < WATCH_FIGURES_MAX; i++)
		strbuf_init(&ret_on_alert->slots[i].waiting);
}

int on_alert_open(struct on_alert *on_alert, const char *path)
{
	struct watch_view *view = on_alert->view;
	static const struct trust_words words = { "program", "unsafe-program", "foreign-program" };
	struct source *source = arena_alloc(view->app->arena, sizeof(*source));
	struct stat status;
	int r;

	if (!path)
		return 0;
	if (!source)
		return app_fail_errno(view->app, -ENOMEM, "opening the program");
	r = program_open(path, &on_alert->program, &status);
	if (r < 0)
		return refuse(view, path, r);
	*source = (struct source){ .name = path };
	if (!trust_accepts(&view->app->diags, &words, &status, false, source))
		return app_fail(view->app, EXIT_INVALID, "unsafe-program", "--on-alert \"%s\" will not be run", path);
	return 0;
}

void on_alert_release(struct on_alert *on_alert)
{
	program_release(&on_alert->program);
	for (size_t i = 0; i < WATCH_FIGURES_MAX; i++)
		strbuf_release(&on_alert->slots[i].waiting);
}

/* A screen is no place for what it has to say. */
static int open_output(const struct on_alert *on_alert)
{
	int fd = on_alert->view->is_screen ? open("/dev/null", O_WRONLY | O_CLOEXEC) :
		fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);

	return fd < 0 ? -errno : fd;
}

static void start(struct on_alert *on_alert, size_t figure, const struct strbuf *input, enum alarm_state state,
	uint64_t now_ns)
{
	struct on_alert_slot *slot = &on_alert->slots[figure];
	CLEANUP_FD int output_fd = open_output(on_alert);
	char figure_name[96], level[32];
	const char *const environment[] = { "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", figure_name,
		level, NULL };
	int r;

	snprintf(figure_name, sizeof(figure_name), "KERNTUNE_FIGURE=%s", watch_figures[figure].name);
	snprintf(level, sizeof(level), "KERNTUNE_LEVEL=%s", alarm_state_name(state));
	r = output_fd < 0 ? output_fd :
		program_start(&on_alert->program, input->bytes, input->length, environment, output_fd, &slot->pid);
	slot->started_ns = now_ns;
	slot->is_killed = false;
	if (r < 0)
		watch_note(on_alert->view, "error: --on-alert cannot be run: %s", strerror(-r));
}

void on_alert_run(struct on_alert *on_alert, size_t figure, const struct strbuf *input, uint64_t now_ns)
{
	enum alarm_state state = on_alert->view->watch->alarms[figure].state;
	struct on_alert_slot *slot = &on_alert->slots[figure];

	if (slot->pid == 0) {
		start(on_alert, figure, input, state, now_ns);
		return;
	}
	if (slot->has_waiting)
		watch_note(on_alert->view, "warning: --on-alert still runs for %s, and is not told that it was %s",
			watch_figures[figure].name, alarm_state_name(slot->waiting_state));
	strbuf_clear(&slot->waiting);
	strbuf_add(&slot->waiting, input->bytes, input->length);
	slot->has_waiting = strbuf_check(&slot->waiting) == 0;
	slot->waiting_state = state;
}

static void tell_end(struct on_alert *on_alert, size_t figure, int status)
{
	const char *name = watch_figures[figure].name;

	if (on_alert->slots[figure].is_killed)
		watch_note(on_alert->view, "warning: --on-alert ran for over %d s for %s and was killed", ON_ALERT_SECONDS,
			name);
	else if (WIFSIGNALED(status))
		watch_note(on_alert->view, "warning: --on-alert was ended by signal %d for %s", WTERMSIG(status), name);
	else if (WEXITSTATUS(status) != 0)
		watch_note(on_alert->view, "warning: --on-alert exited with %d for %s", WEXITSTATUS(status), name);
}

bool on_alert_runs(const struct on_alert *on_alert)
{
	for (size_t i = 0; i < watch_figures_count; i++)
		if (on_alert->slots[i].pid != 0)
			return true;
	return false;
}

void on_alert_reap(struct on_alert *on_alert, uint64_t now_ns)
{
	for (size_t i = 0; i < watch_figures_count; i++) {
		struct on_alert_slot *slot = &on_alert->slots[i];
		int status = 0, r;

		if (slot->pid == 0)
			continue;
		r = program_poll(slot->pid, &status);
		if (r == 0 && !slot->is_killed && now_ns - slot->started_ns > ON_ALERT_SECONDS * UINT64_C(1000000000)) {
			program_kill(slot->pid);
			slot->is_killed = true;
		}
		if (r == 0)
			continue;
		if (r > 0)
			tell_end(on_alert, i, status);
		slot->pid = 0;
		if (slot->has_waiting)
			start(on_alert, i, &slot->waiting, slot->waiting_state, now_ns);
		slot->has_waiting = false;
	}
}
