/* SPDX-License-Identifier: MIT */
/* kerntune watch: the figures live, with alarms, and who writes parameters meanwhile. */
#define _GNU_SOURCE
#include "cli/on_alert.h"
#include "cli/render.h"
#include "cli/watch_view.h"
#include "engine/diagnose.h"
#include "kernel/signals.h"
#include "kernel/ticker.h"

#include "base/number.h"

#include <ctype.h>
#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>

enum {
	INTERVAL_MS = 1000,
	INTERVAL_MS_LEAST = 10,
	WRITES_AT_ONCE = 256,	/* then the ticks have their turn */
	READER_MS_AT_END = 1000,
	REAP_MS = 1000,
	DRAW_MS = 100,		/* between two frames that nobody asked for */
};

struct session {
	struct app *app;
	struct watch watch;
	struct watch_view view;
	struct on_alert on_alert;
	struct sysctl_writes writes;
	struct strbuf text;
	bool is_json;
	bool is_open;			/* watch, on_alert */
	bool has_ended;			/* told to, or nobody listens any more */
	int code;
	int ticker_fd, signals_fd;
	struct termios terminal;	/* as it was */
	bool has_terminal;		/* and has to become again */
	bool is_drawn;			/* the screen is ours now */
	bool wants_stop, wants_terminal;	/* told by a signal, and yet to be done */
	bool wants_draw;
	bool wants_writes_drawn;	/* once DRAW_MS are over */
	uint64_t drawn_ns;
	bool told_listeners, told_states;	/* that they are not known */
};

struct closer_look {
	struct arena arena;
	struct diagnosis diagnosis;
	bool has_looked, failed;
};

/* ---- options ---- */

enum { SHARE_MAX = 2 };

static bool parse_level(const char *text, size_t length, enum watch_unit unit, double *ret_level)
{
	char copy[32], *end;
	bool is_percent = length > 0 && text[length - 1] == '%';

	length -= is_percent;
	if (length == 0 || length >= sizeof(copy) || (is_percent && unit != WATCH_SHARE))
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	/* Digits with at most one point: neither signs, nor exponents, nor "inf". */
	if (strspn(copy, "0123456789.") != length || !isdigit((unsigned char)copy[0]))
		return false;
	*ret_level = strtod(copy, &end);
	if (is_percent)
		*ret_level /= 100;
	/* Whoever writes conntrack_fill=80 does not mean eighty times as many as there may be. */
	if (unit == WATCH_SHARE && !is_percent && *ret_level > SHARE_MAX)
		return false;
	return *end == '\0' && *ret_level > 0;
}

static int refuse_threshold(struct app *app, const char *text)
{
	return app_fail(app, EXIT_INVALID, "usage", "--threshold takes FIGURE=WARNING or FIGURE=WARNING:CRITICAL, above 0 and "
		"in that order, such as time_wait=50000:100000 or conntrack_fill=60%%:80%%: \"%s\" is none", text);
}

static int set_threshold(struct session *session, const char *text)
{
	const char *equals = strchr(text, '='), *colon = equals ? strchr(equals, ':') : NULL;
	double warning, critical = INFINITY;
	char name[64];
	int figure;

	if (!equals || (size_t)(equals - text) >= sizeof(name))
		return refuse_threshold(session->app, text);
	snprintf(name, sizeof(name), "%.*s", (int)(equals - text), text);
	figure = watch_figure_find(name);
	if (figure < 0)
		return app_fail(session->app, EXIT_INVALID, "usage", "--threshold: there is no figure \"%s\": kerntune(8) "
			"lists them, and so does \"kerntune watch --json --count 1\"", name);
	if (!parse_level(equals + 1, colon ? (size_t)(colon - equals - 1) : strlen(equals + 1), watch_figures[figure].unit,
		&warning) || (colon && !parse_level(colon + 1, strlen(colon + 1), watch_figures[figure].unit, &critical)) ||
		warning > critical)
		return refuse_threshold(session->app, text);
	watch_set_limits(&session->watch, (size_t)figure, warning, critical);
	return 0;
}

static int states_option(struct app *app, enum watch_states_when *ret_when)
{
	static const char *const words[] = { "auto", "always", "never" };
	const char *word = app->options.states ? app->options.states : words[0];

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strcmp(words[i], word) == 0) {
			*ret_when = (enum watch_states_when)i;
			return 0;
		}
	return app_fail(app, EXIT_INVALID, "usage", "--states takes auto, always or never");
}

static int set_up(struct session *session)
{
	struct options *options = &session->app->options;
	enum watch_states_when when = WATCH_STATES_AUTO;
	int r = states_option(session->app, &when);

	if (r != 0)
		return r;
	if (options->interval == 0)
		options->interval = INTERVAL_MS;
	if (options->interval < INTERVAL_MS_LEAST)
		return app_fail(session->app, EXIT_INVALID, "usage", "--interval takes %d ms at least", INTERVAL_MS_LEAST);
	watch_open(&session->app->root, when, &session->watch);
	on_alert_init(&session->view, &session->on_alert);
	session->is_open = true;
	for (size_t i = 0; i < options->thresholds.count && r == 0; i++)
		r = set_threshold(session, options->thresholds.words[i]);
	if (options->down_delay)
		watch_set_down_delay(&session->watch, options->down_delay * UINT64_C(1000000));
	session->view.watch = &session->watch;
	session->view.interval_ms = options->interval;
	return r;
}

/* ---- the terminal ---- */

/* Below 20 columns or 3 rows, as where nothing is known, what every terminal has. */
static void measure_terminal(struct watch_view *view)
{
	struct winsize size = { 0 };

	(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	view->columns = size.ws_col ? size.ws_col : 80;
	view->rows = size.ws_row ? size.ws_row : 24;
}

static bool is_utf8(void)
{
	setlocale(LC_CTYPE, "");
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static bool wants_screen(const struct app *app)
{
	const char *term = getenv("TERM");

	return !app_format_is(app, "json") && isatty(STDOUT_FILENO) && term && term[0] && strcmp(term, "dumb") != 0;
}

/* Of the clock of the samples. */
static uint64_t now_ns(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Only notes what takes output, for it is also called in the middle of that. */
static void take_signals(struct session *session)
{
	int number;

	while ((number = signals_next(session->signals_fd)) != 0) {
		if (number == SIGWINCH)
			session->wants_draw = true;
		else if (number == SIGCHLD)
			on_alert_reap(&session->on_alert, now_ns());
		else if (number == SIGTSTP && session->view.is_screen)
			session->wants_stop = true;
		else if (number == SIGTSTP)
			(void)kill(getpid(), SIGSTOP);
		else if (number == SIGCONT)
			session->wants_terminal = true;
		else
			session->has_ended = true;
	}
}

/* Whoever does not read on, or has stopped his terminal with Control-S, must not keep us from ending: false when told
 * to. At the end he has a second left. */
static bool wait_for_reader(struct session *session)
{
	struct pollfd fds[] = {
		{ .fd = STDOUT_FILENO, .events = POLLOUT },
		{ .fd = session->signals_fd, .events = POLLIN },
	};

	for (;;) {
		int count = session->has_ended ? poll(fds, 1, READER_MS_AT_END) : poll(fds, COUNT_OF(fds), -1);

		/* Where one cannot wait one tries. */
		if (count < 0 && errno != EINTR)
			return true;
		if (count > 0 && fds[0].revents)
			return true;
		if (count == 0)
			return false;
		take_signals(session);
		if (session->has_ended)
			return false;
	}
}

/* 0, also when it was told to end in between, or a negative errno. */
static int write_text(struct session *session)
{
	size_t done = 0;

	while (done < session->text.length && wait_for_reader(session)) {
		/* So much fits into a pipe that can be written at all. */
		size_t left = session->text.length - done, size = left < PIPE_BUF ? left : PIPE_BUF;
		ssize_t count = write(STDOUT_FILENO, session->text.bytes + done, size);

		if (count < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		done += count < 0 ? 0 : (size_t)count;
	}
	return 0;
}

static void put_out(struct session *session)
{
	int r = strbuf_check(&session->text) < 0 ? 0 : write_text(session);

	/* Nobody listens any more: that is the end, and no mistake. */
	if (r < 0 && r != -EPIPE)
		session->code = app_fail_errno(session->app, r, "writing the output");
	session->has_ended |= r < 0;
	strbuf_clear(&session->text);
}

/* Another job has the terminal. Where nobody tells, as on one that does not control us, none has. */
static bool is_background(void)
{
	pid_t owner = tcgetpgrp(STDOUT_FILENO);

	return owner > 0 && owner != getpgrp();
}

/* Who draws from the background is stopped, as by the terminal itself, until he is in front; false when told to end
 * instead. */
static bool wait_for_foreground(struct session *session)
{
	while (session->view.is_screen && is_background()) {
		if (signals_pending())
			return false;
		/* Of a group that no shell looks after: it would never be. */
		session->view.is_screen = signals_stop_for_terminal();
	}
	return session->view.is_screen;
}

static void hush_terminal(struct session *session)
{
	struct termios quiet;

	/* What is typed would be shown in the table; but who runs in the background must not touch it. */
	if (tcgetpgrp(STDIN_FILENO) != getpgrp())
		return;
	if (!session->has_terminal && tcgetattr(STDIN_FILENO, &session->terminal) < 0)
		return;
	quiet = session->terminal;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ICANON);
	quiet.c_cc[VMIN] = 0;
	quiet.c_cc[VTIME] = 0;
	session->has_terminal = tcsetattr(STDIN_FILENO, TCSANOW, &quiet) == 0;
}

/* At the beginning, and whenever we were stopped and go on. */
static void take_terminal(struct session *session)
{
	if (!wait_for_foreground(session))
		return;
	hush_terminal(session);
	/* Another screen than the shell's, and no cursor. */
	strbuf_add_text(&session->text, "\033[?1049h\033[?25l\033[2J");
	session->is_drawn = true;
	put_out(session);
}

static void give_terminal_back(struct session *session)
{
	if (session->is_drawn) {
		strbuf_add_text(&session->text, "\033[?25h\033[?1049l");
		put_out(session);
	}
	if (session->has_terminal && tcgetpgrp(STDIN_FILENO) == getpgrp())
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &session->terminal);
	session->is_drawn = session->has_terminal = false;
}

/* On the screen that the shell gets back, not on the one that is about to go. */
static int fail(struct session *session, int negative_errno, const char *doing)
{
	give_terminal_back(session);
	return app_fail_errno(session->app, negative_errno, doing);
}

static void draw(struct session *session)
{
	session->wants_writes_drawn = false;
	if (!session->view.is_screen || !session->is_drawn)
		return;
	session->drawn_ns = now_ns();
	watch_add_frame(&session->view, false, &session->text);
	put_out(session);
}

static void answer_signals(struct session *session)
{
	if (session->wants_stop) {
		/* Control-Z: the shell gets its terminal as it was, and we get it back with SIGCONT. */
		session->wants_stop = false;
		give_terminal_back(session);
		(void)kill(getpid(), SIGSTOP);
		take_signals(session);
	}
	if (session->wants_terminal && !session->has_ended)
		take_terminal(session);
	if (session->wants_terminal || session->wants_draw) {
		measure_terminal(&session->view);
		draw(session);
	}
	session->wants_terminal = session->wants_draw = false;
}

static void read_keys(struct session *session)
{
	char keys[64];
	ssize_t count = read(STDIN_FILENO, keys, sizeof(keys));

	/* A terminal that is gone ends with SIGHUP; until then it must not keep us busy. */
	session->has_ended |= count <= 0 || memchr(keys, 'q', (size_t)count) || memchr(keys, 'Q', (size_t)count);
}

/* ---- what happens ---- */

/* One full look, for who has to do with it and what to do: once for all alarms of a tick, and only where somebody is to
 * be told. NULL when it finds nothing of the kind. */
static const struct finding *look_closer(struct session *session, struct closer_look *look, const struct finding *alarm)
{
	const struct diagnose_request request = { .root = &session->app->root, .procsys = &session->app->procsys };

	if (!look->has_looked)
		look->failed = diagnose(&request, &look->arena, &look->diagnosis) < 0;
	look->has_looked = true;
	for (size_t i = 0; !look->failed && i < look->diagnosis.findings.count; i++) {
		const struct finding *finding = look->diagnosis.findings.items[i];

		if (finding->row == alarm->row && (!alarm->subject[0] || strcmp(finding->subject, alarm->subject) == 0))
			return finding;
	}
	return NULL;
}

static void run_program(struct session *session, const struct watch_change *change, const struct finding *alarm,
	struct closer_look *look)
{
	CLEANUP_STRBUF struct strbuf input = STRBUF_INIT;
	const struct finding *found = NULL;

	if (session->on_alert.program.fd < 0)
		return;
	if (session->watch.alarms[change->figure].state > change->before)
		found = look_closer(session, look, alarm);
	if (watch_add_alert(&session->view, change, found ? found : alarm, &input) == 0)
		on_alert_run(&session->on_alert, change->figure, &input, session->watch.sample.now.time_ns);
	else
		watch_note(&session->view, "error: --on-alert is not told of %s: out of memory",
			watch_figures[change->figure].name);
}

static void tell_alerts(struct session *session)
{
	const struct watch *watch = &session->watch;
	struct closer_look look = { .has_looked = false };

	arena_init(&look.arena);
	for (size_t i = 0; i < watch->changes_count; i++) {
		const struct watch_change *change = &watch->changes[i];
		struct watch_finding found;

		watch_describe(watch, change->figure, &found);
		if (!session->is_json && !session->view.is_screen)
			watch_note(&session->view, "%s: %s%s%s: %s", alarm_state_name(watch->alarms[change->figure].state),
				found.finding.row->id, found.finding.subject[0] ? " " : "",
				found.finding.subject, found.text);
		run_program(session, change, &found.finding, &look);
	}
	arena_release(&look.arena);
}

/* Why there is a dash, when it first is there. */
static void tell_unknown(struct session *session)
{
	const struct watch *watch = &session->watch;

	if (watch->listeners_error && !session->told_listeners)
		watch_note(&session->view, "note: the queues of listeners are not known: %s",
			strerror(-watch->listeners_error));
	if (watch->states_error && !session->told_states)
		watch_note(&session->view, "note: the states of connections are not known: %s",
			strerror(-watch->states_error));
	session->told_listeners |= watch->listeners_error != 0;
	session->told_states |= watch->states_error != 0;
}

static int tick(struct session *session)
{
	int r = watch_tick(&session->watch);

	if (r < 0)
		return fail(session, r, "looking at the counters");
	(void)clock_gettime(CLOCK_REALTIME, &session->view.now);
	on_alert_reap(&session->on_alert, session->watch.sample.now.time_ns);
	tell_unknown(session);
	tell_alerts(session);
	if (session->view.is_screen)
		draw(session);
	else if (!session->is_json)
		watch_add_line(&session->view, &session->text);
	else if (watch_add_json(&session->view, &session->text) < 0)
		return fail(session, -ENOMEM, "writing the output");
	session->view.writes_new = 0;
	put_out(session);
	if (session->app->options.count && session->watch.ticks >= session->app->options.count)
		session->has_ended = true;
	return 0;
}

static int take_writes(struct session *session)
{
	struct watch_view *view = &session->view;
	size_t before = view->writes_total;
	int r = 1;

	for (size_t i = 0; i < WRITES_AT_ONCE && r > 0; i++) {
		struct watch_write *seen = &view->writes[view->writes_total % WATCH_WRITES_KEPT];
		char text[WATCH_WRITE_TEXT_SIZE];

		r = sysctl_writes_next(&session->writes, &seen->write);
		if (r <= 0)
			break;
		/* Whoever starts containers writes all the time, in theirs, and must not crowd out ours. */
		view->writes_elsewhere += seen->write.is_elsewhere;
		if (seen->write.is_elsewhere && (!session->app->options.verbose || view->writes_new >= WATCH_WRITES_KEPT))
			continue;
		(void)clock_gettime(CLOCK_REALTIME, &seen->when);
		view->writes_total++;
		view->writes_new++;
		watch_write_text(&seen->write, text);
		if (!view->is_screen && !session->is_json)
			watch_note(view, "wrote %s", text);
	}
	if (session->writes.lost > 0 && !session->is_json)
		watch_note(view, "warning: too many writes to parameters at once: some were not seen");
	view->writes_lost += session->writes.lost;
	session->writes.lost = 0;
	session->wants_writes_drawn |= view->is_screen && view->writes_total != before;
	return r < 0 ? fail(session, r, "looking who writes parameters") : 0;
}

/* Milliseconds for poll(2). */
static int patience_of(const struct session *session)
{
	return session->wants_writes_drawn ? DRAW_MS : on_alert_runs(&session->on_alert) ? REAP_MS : -1;
}

static int loop(struct session *session)
{
	struct pollfd fds[] = {
		{ .fd = session->ticker_fd, .events = POLLIN },
		{ .fd = session->signals_fd, .events = POLLIN },
		{ .fd = session->writes.fd, .events = POLLIN },
		{ .fd = -1, .events = POLLIN },
	};
	int r = tick(session);

	while (r == 0 && !session->has_ended) {
		uint64_t due;

		/* Which may change whenever we are stopped. */
		fds[3].fd = session->has_terminal ? STDIN_FILENO : -1;
		/* Who writes without a pause is seen, but not drawn each time. */
		if (session->wants_writes_drawn && now_ns() - session->drawn_ns >= DRAW_MS * UINT64_C(1000000))
			draw(session);
		if (poll(fds, COUNT_OF(fds), patience_of(session)) < 0 && errno != EINTR)
			return fail(session, -errno, "waiting");
		/* First who writes, as long as that process is there. */
		if (fds[2].revents)
			r = take_writes(session);
		take_signals(session);
		answer_signals(session);
		/* Also between two ticks that are an hour apart one that hangs is killed. */
		on_alert_reap(&session->on_alert, now_ns());
		if (fds[3].revents && session->has_terminal)
			read_keys(session);
		due = session->has_ended ? 0 : ticker_take(session->ticker_fd);
		session->view.missed = due > 1 ? due - 1 : 0;
		if (r == 0 && due > 0)
			r = tick(session);
	}
	return r;
}

/* ---- the command ---- */

static void open_writes(struct session *session)
{
	int r = sysctl_writes_open(&session->app->root, &session->app->procsys, &session->writes);

	session->view.sees_writes = r == 0;
	if (r == -EPERM)
		session->view.blindness = "who writes parameters is told to root only";
	else if (r == -EOPNOTSUPP)
		session->view.blindness = "who writes parameters is not told: proc/sys is no procfs here";
	else if (r < 0)
		session->view.blindness = "who writes parameters cannot be told by this kernel";
	else if (session->writes.is_mount_only)
		session->view.blindness = "writes to parameters from other mount namespaces are not seen";
	else
		session->view.blindness = "writes to parameters through another procfs mount, as of containers, are not seen";
	watch_note(&session->view, "note: %s", session->view.blindness);
}

static int open_session(struct session *session, struct app *app)
{
	int r = app_open_procsys(app, PROCSYS_READ_ONLY);

	if (r == 0)
		r = app_find_host(app);
	if (r == 0)
		r = set_up(session);
	if (r == 0)
		r = on_alert_open(&session->on_alert, app->options.on_alert);
	if (r != 0)
		return r;
	render_diags(app);
	session->view.is_screen = wants_screen(app);
	session->view.is_ascii = session->view.is_screen && !is_utf8();
	measure_terminal(&session->view);
	open_writes(session);
	session->signals_fd = signals_open();
	session->ticker_fd = session->signals_fd < 0 ? session->signals_fd : ticker_open(session->view.interval_ms);
	return session->ticker_fd < 0 ? app_fail_errno(app, session->ticker_fd, "setting the pace") : 0;
}

static void close_session(struct session *session)
{
	close_fd_(&session->ticker_fd);
	close_fd_(&session->signals_fd);
	sysctl_writes_release(&session->writes);
	if (session->is_open) {
		on_alert_release(&session->on_alert);
		watch_release(&session->watch);
	}
	strbuf_release(&session->text);
}

static int watch_command(struct app *app, int argc, char *argv[])
{
	/* Large: not on the stack. */
	struct session *session = arena_alloc(app->arena, sizeof(*session));
	int r;

	(void)argc;
	(void)argv;
	if (!session)
		return app_fail_errno(app, -ENOMEM, "beginning");
	*session = (struct session){ .app = app, .view = { .app = app }, .is_json = app_format_is(app, "json"),
		.ticker_fd = -1, .signals_fd = -1, .writes = SYSCTL_WRITES_INIT, .on_alert = { .program = PROGRAM_INIT } };
	strbuf_init(&session->text);
	r = open_session(session, app);
	if (r == 0) {
		take_terminal(session);
		r = loop(session);
		give_terminal_back(session);
		/* What was seen last stays to be read. */
		if (session->view.is_screen) {
			watch_add_frame(&session->view, true, &session->text);
			put_out(session);
		}
	}
	close_session(session);
	return r ? r : session->code;
}

const struct command cmd_watch = {
	.name = "watch",
	.arguments = "",
	.summary = "Show the figures of TCP live, with alarms",
	.description = "On a terminal a table that is redrawn in place, until \"q\" or Control-C;\n"
		"otherwise one line for each look. With --json each line is an object of its own.\n"
		"To root it also tells who writes parameters meanwhile. Reads only.",
	.max_arguments = 0,
	.formats = "table json",
	.completes = "",
	.options = (const unsigned char[]){ OPTION_INTERVAL, OPTION_TICKS, OPTION_THRESHOLD, OPTION_DOWN_DELAY,
		OPTION_ON_ALERT, OPTION_STATES, OPTION_END },
	.run = watch_command,
};
