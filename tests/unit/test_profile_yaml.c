/* SPDX-License-Identifier: MIT */
/* Profile files: what they may say, and that every mistake is reported where it stands. */
#include "format/profile_yaml.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

struct reading {
	struct arena arena;
	struct diags diags;
	struct source source;
	struct profile *profile;
	int verdict;
};

static void read_named(struct reading *reading, const char *text, size_t length, const char *name)
{
	*reading = (struct reading){ .source = { .name = "test.yaml", .text = text, .length = length } };
	arena_init(&reading->arena);
	diags_init(&reading->diags, &reading->arena);
	reading->verdict = profile_yaml_read(&reading->arena, &reading->source, name, &reading->diags,
		&reading->profile);
	assert_true(reading->verdict >= 0);
	assert_non_null(reading->profile);
	assert_int_equal(reading->verdict, reading->diags.errors > 0);
}

static void read_text(struct reading *reading, const char *text)
{
	read_named(reading, text, strlen(text), "test");
}

static const struct setting *find(const struct reading *reading, const char *path)
{
	for (size_t i = 0; i < reading->profile->settings_count; i++)
		if (strcmp(reading->profile->settings[i].path, path) == 0)
			return &reading->profile->settings[i];
	fail_msg("%s is not there", path);
	return NULL;
}

static void test_every_field(void **state)
{
	static const char text[] =
		"# a comment\n"
		"profile: test\n"
		"summary: A summary, with a comma\n"
		"extends: [base, other-1.2]\n"
		"parameters:\n"
		"  net.core.somaxconn: 65535   # short\n"
		"  net.ipv4.ip_local_port_range:\n"
		"    value: [10240, 65535]\n"
		"    why: >\n"
		"      folded over\n"
		"      two lines\n"
		"  net/core/rmem_max:\n"
		"    at_least: 16777216\n"
		"    optional: true\n"
		"  net.core.wmem_max: {at_most: 0x1000000, optional: false}\n"
		"  net.ipv4.tcp_rmem: 4096 131072 6291456\n"
		"  net.ipv4.tcp_congestion_control: bbr\n"
		"  net.ipv4.ip_local_reserved_ports: \"\"\n"
		"  net.ipv4.conf.eth0/100.rp_filter: '2'\n"
		"  net.ipv4.conf.*.accept_redirects: 0\n"
		"  kernel.unknown_key: some text\n"
		"  kernel.unknown_range: 9100-9199\n";
	struct reading reading;
	const struct setting *setting;

	(void)state;
	read_text(&reading, text);
	assert_int_equal(reading.verdict, 0);
	assert_string_equal(reading.profile->name, "test");
	assert_string_equal(reading.profile->summary, "A summary, with a comma");
	assert_true(strncmp(reading.profile->digest, "fnv1a64:", 8) == 0);
	assert_int_equal(reading.profile->extends_count, 2);
	assert_string_equal(reading.profile->extends[0].name, "base");
	assert_string_equal(reading.profile->extends[1].name, "other-1.2");
	assert_int_equal(reading.profile->extends[1].span.line, 4);
	assert_int_equal(reading.profile->extends[1].span.column, 17);
	assert_int_equal(reading.profile->settings_count, 11);

	setting = find(&reading, "net/core/somaxconn");
	assert_int_equal(setting->rule, SETTING_VALUE);
	assert_string_equal(setting->value.bytes, "65535");
	assert_null(setting->why);
	assert_false(setting->optional);
	assert_int_equal(setting->key_span.line, 6);
	assert_int_equal(setting->key_span.column, 3);
	assert_int_equal(setting->value_span.column, 23);
	assert_int_equal(setting->value_span.end_column, 28);
	assert_ptr_equal(setting->profile, reading.profile);

	setting = find(&reading, "net/ipv4/ip_local_port_range");
	assert_string_equal(setting->value.bytes, "10240 65535");
	assert_string_equal(setting->why, "folded over two lines");
	setting = find(&reading, "net/core/rmem_max");
	assert_int_equal(setting->rule, SETTING_AT_LEAST);
	assert_true(setting->optional);
	setting = find(&reading, "net/core/wmem_max");
	assert_int_equal(setting->rule, SETTING_AT_MOST);
	assert_string_equal(setting->value.bytes, "0x1000000");
	assert_false(setting->optional);
	assert_string_equal(find(&reading, "net/ipv4/tcp_rmem")->value.bytes, "4096 131072 6291456");
	assert_string_equal(find(&reading, "net/ipv4/ip_local_reserved_ports")->value.bytes, "");
	assert_string_equal(find(&reading, "net/ipv4/conf/eth0.100/rp_filter")->value.bytes, "2");
	assert_string_equal(find(&reading, "net/ipv4/conf/*/accept_redirects")->value.bytes, "0");
	assert_string_equal(find(&reading, "kernel/unknown_key")->value.bytes, "some text");
	assert_string_equal(find(&reading, "kernel/unknown_range")->value.bytes, "9100-9199");
	arena_release(&reading.arena);
}

static void test_variables_and_expressions(void **state)
{
	static const char text[] =
		"profile: test\n"
		"variables:\n"
		"  queue: {default: 1024, min: -1, max: 0x10000, unit: packets, summary: at peak}\n"
		"  plain: {default: -9223372036854775808}\n"
		"parameters:\n"
		"  net.core.somaxconn: \"${ queue * 2 }\"\n"
		"  net.ipv4.tcp_rmem: [4096, \"${queue}\", '${queue*2}']\n"
		"  net.ipv4.tcp_wmem: 4096  ${queue} ${queue\n"
		"    * 2}\n"
		"  net.core.rmem_max:\n"
		"    at_least: >\n"
		"      ${queue *\n"
		"      1024}\n"
		"    when: \"${kernel >= '6.14'}\"\n"
		"  vm.swappiness: {value: 10, when: \" ${1} \"}\n";
	struct reading reading;
	const struct variable *variable;
	const struct setting *setting;

	(void)state;
	read_text(&reading, text);
	assert_int_equal(reading.verdict, 0);
	assert_int_equal(reading.profile->variables_count, 2);
	variable = &reading.profile->variables[0];
	assert_string_equal(variable->name, "queue");
	assert_true(variable->value == 1024 && variable->standard == 1024);
	assert_true(variable->has_min && variable->min == -1 && variable->has_max && variable->max == 65536);
	assert_string_equal(variable->unit, "packets");
	assert_string_equal(variable->summary, "at peak");
	assert_int_equal(variable->name_span.line, 3);
	assert_ptr_equal(variable->profile, reading.profile);
	variable = &reading.profile->variables[1];
	assert_true(variable->value == INT64_MIN && !variable->has_min && !variable->has_max && !variable->unit);

	setting = find(&reading, "net/core/somaxconn");
	assert_null(setting->value.bytes);
	assert_null(setting->when);
	assert_string_equal(setting->expression, "${queue * 2}");
	assert_int_equal(setting->fields_count, 1);
	assert_int_equal(setting->fields[0].span.column, 24);
	assert_int_equal(setting->fields[0].span.end_column, 38);
	setting = find(&reading, "net/ipv4/tcp_rmem");
	assert_string_equal(setting->expression, "4096 ${queue} ${queue*2}");
	assert_int_equal(setting->fields_count, 3);
	assert_string_equal(setting->fields[0].literal, "4096");
	assert_null(setting->fields[1].literal);
	assert_int_equal(setting->fields[2].span.column, 42);
	assert_string_equal(find(&reading, "net/ipv4/tcp_wmem")->expression, "4096 ${queue} ${queue * 2}");
	setting = find(&reading, "net/core/rmem_max");
	assert_string_equal(setting->expression, "${queue * 1024}");
	assert_string_equal(setting->when->text, "kernel >= '6.14'");
	setting = find(&reading, "vm/swappiness");
	assert_string_equal(setting->value.bytes, "10");
	assert_null(setting->expression);
	assert_string_equal(setting->when->text, "1");
	arena_release(&reading.arena);
}

static void test_too_many_variables(void **state)
{
	char text[16384] = "profile: test\nvariables:\n";
	struct reading reading;

	(void)state;
	for (int i = 0; i < VARIABLES_MAX; i++)
		sprintf(text + strlen(text), "  v%d: {default: 1}\n", i);
	read_text(&reading, text);
	assert_int_equal(reading.profile->variables_count, VARIABLES_MAX);
	arena_release(&reading.arena);
	strcat(text, "  one_more: {default: 1}\n");
	read_text(&reading, text);
	assert_string_equal(reading.diags.first->id, "too-many-variables");
	arena_release(&reading.arena);
}

static void test_too_many_fields(void **state)
{
	static const char *const between[] = { "' ${1}'", "' 1 ${1}'", "['${1}', 1]" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(between); i++) {
		CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
		const char *end = strrchr(between[i], between[i][0] == '[' ? ']' : '\'');
		struct reading reading;

		strbuf_printf(&text, "profile: test\nparameters:\n  x.y: %.*s", (int)(end - between[i]), between[i]);
		for (int k = 0; k < 100000; k++)
			strbuf_add_text(&text, *end == ']' ? ", '${1}'" : " ${1}");
		strbuf_printf(&text, "%s\n", end);
		read_named(&reading, text.bytes, text.length, "test");
		assert_int_equal(reading.diags.errors, 1);
		assert_string_equal(reading.diags.first->id, "bad-value");
		arena_release(&reading.arena);
	}
}

static void test_optional_for_the_whole_profile(void **state)
{
	struct reading reading;

	(void)state;
	read_text(&reading, "profile: test\nparameters:\n  vm.swappiness: 1\n"
		"  net.core.somaxconn: {value: 2, optional: false}\noptional: true\n");
	assert_int_equal(reading.verdict, 0);
	assert_true(find(&reading, "vm/swappiness")->optional);
	assert_true(find(&reading, "net/core/somaxconn")->optional);
	arena_release(&reading.arena);
}

static void test_small_profiles(void **state)
{
	static const char *const texts[] = {
		"profile: test\n",
		"profile: test\nparameters: {}\n",
		"profile: test\nextends: base\n",
		"{profile: test, parameters: {vm.swappiness: 10}}",
		"--- \nprofile: test\n...\n",
		"\xef\xbb\xbfprofile: test\n",
		"profile: test\r\nparameters:\r\n  vm.swappiness: 10\r\n",
		"\"profile\": \"test\"\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct reading reading;

		read_text(&reading, texts[i]);
		check_row(reading.verdict == 0, "row %zu: %s", i,
			reading.diags.first ? reading.diags.first->message : "");
		arena_release(&reading.arena);
	}
}

/* One mistake each; its id and place. */
static const struct {
	const char *text, *id;
	unsigned line, column;
} mistakes[] = {
	/* the file */
	{ "", "empty-file", 0, 0 },
	{ "# nothing\n", "empty-file", 0, 0 },
	{ "[profile, test]\n", "wrong-kind", 1, 1 },
	{ "text\n", "wrong-kind", 1, 1 },
	{ "parameters: {}\n", "no-name", 1, 1 },
	{ "profile: other\n", "name-differs", 1, 10 },
	{ "profile: ../test\n", "bad-name", 1, 10 },
	{ "profile: [test]\n", "wrong-kind", 1, 10 },
	{ "profile: test\nsumary: x\n", "unknown-field", 2, 1 },
	{ "profile: test\nsummary: [x]\n", "wrong-kind", 2, 10 },
	{ "profile: test\nextends: ../base\n", "bad-name", 2, 10 },
	{ "profile: test\nextends: [base, [x]]\n", "wrong-kind", 2, 17 },
	{ "profile: test\nextends: {base: 1}\n", "wrong-kind", 2, 10 },
	{ "profile: test\noptional: yes\n", "not-a-boolean", 2, 11 },
	{ "profile: test\noptional: [true]\n", "wrong-kind", 2, 11 },
	{ "profile: test\nparameters: [a]\n", "wrong-kind", 2, 13 },
	{ "profile: test\nparameters: text\n", "wrong-kind", 2, 13 },
	/* variables */
	{ "profile: test\nvariables: [a]\n", "wrong-kind", 2, 12 },
	{ "profile: test\nvariables: {a: 1}\n", "wrong-kind", 2, 16 },
	{ "profile: test\nvariables:\n  a: {min: 1}\n", "no-default", 3, 3 },
	{ "profile: test\nvariables:\n  a: {default: 1, mim: 1}\n", "unknown-field", 3, 19 },
	{ "profile: test\nvariables:\n  A: {default: 1}\n", "bad-name", 3, 3 },
	{ "profile: test\nvariables:\n  a-b: {default: 1}\n", "bad-name", 3, 3 },
	{ "profile: test\nvariables:\n  cpus: {default: 1}\n", "reserved-name", 3, 3 },
	{ "profile: test\nvariables:\n  max: {default: 1}\n", "reserved-name", 3, 3 },
	{ "profile: test\nvariables:\n  a: {default: x}\n", "not-a-number", 3, 16 },
	{ "profile: test\nvariables:\n  a: {default: 010}\n", "not-a-number", 3, 16 },
	{ "profile: test\nvariables:\n  a: {default: 1, max: 9223372036854775808}\n", "not-a-number", 3, 24 },
	{ "profile: test\nvariables:\n  a: {default: \"${cpus}\"}\n", "not-a-number", 3, 16 },
	{ "profile: test\nvariables:\n  a: {default: [1]}\n", "wrong-kind", 3, 16 },
	{ "profile: test\nvariables:\n  a: {default: 1, min: 2}\n", "out-of-range", 3, 16 },
	{ "profile: test\nvariables:\n  a: {default: 5, max: 4}\n", "out-of-range", 3, 16 },
	{ "profile: test\nvariables:\n  a: {default: 5, min: 9, max: 4}\n", "wrong-order", 3, 3 },
	{ "profile: test\nvariables:\n  a: {default: 1, unit: [x]}\n", "wrong-kind", 3, 25 },
	/* Its default may only be unread. */
	{ "profile: test\nvariables:\n  a: {min: 1\n", "yaml-syntax", 4, 1 },
	{ "profile: test\nprofile: test\n", "duplicate-key", 2, 1 },
	/* keys */
	{ "profile: test\nparameters:\n  ../../etc/passwd: 1\n", "bad-key", 3, 3 },
	{ "profile: test\nparameters:\n  net/../../etc: 1\n", "bad-key", 3, 3 },
	{ "profile: test\nparameters:\n  /etc/passwd: 1\n", "bad-key", 3, 3 },
	{ "profile: test\nparameters:\n  net..core: 1\n", "bad-key", 3, 3 },
	{ "profile: test\nparameters:\n  \"\": 1\n", "bad-key", 3, 3 },
	{ "profile: test\nparameters:\n  so maxconn: 1\n", "bad-key", 3, 3 },
	{ "profile: test\nparameters:\n  vm.swappiness: 1\n  vm.swappiness: 1\n", "duplicate-key", 4, 3 },
	{ "profile: test\nparameters:\n  vm.swappiness: 1\n  vm/swappiness: 1\n", "duplicate-key", 4, 3 },
	/* one parameter */
	{ "profile: test\nparameters:\n  vm.swappiness: {vale: 1}\n", "unknown-field", 3, 19 },
	{ "profile: test\nparameters:\n  vm.swappiness: {value: 1, when: x}\n", "bad-condition", 3, 35 },
	{ "profile: test\nparameters:\n  vm.swappiness: {value: 1, when: true}\n", "bad-condition", 3, 35 },
	{ "profile: test\nparameters:\n  vm.swappiness: {value: 1, when: [x]}\n", "wrong-kind", 3, 35 },
	{ "profile: test\nparameters:\n  vm.swappiness: {value: 1, when: '${1} ${2}'}\n", "bad-condition", 3, 35 },
	{ "profile: test\nparameters:\n  vm.swappiness: {value: 1, when: '${kernel}'}\n", "expression-type", 3, 38 },
	{ "profile: test\nparameters:\n  vm.swappiness: {when: '${1}'}\n", "no-value", 3, 3 },
	{ "profile: test\nparameters:\n  vm.swappiness: {value: 1, at_least: 2}\n", "two-rules", 3, 29 },
	{ "profile: test\nparameters:\n  vm.swappiness: {at_least: 1, at_most: 2}\n", "two-rules", 3, 32 },
	{ "profile: test\nparameters:\n  vm.swappiness: {why: x}\n", "no-value", 3, 3 },
	{ "profile: test\nparameters:\n  vm.swappiness: {}\n", "no-value", 3, 3 },
	{ "profile: test\nparameters:\n  vm.swappiness: {value: 1, why: [x]}\n", "wrong-kind", 3, 34 },
	{ "profile: test\nparameters:\n  vm.swappiness: {value: 1, optional: 1}\n", "not-a-boolean", 3, 39 },
	/* values */
	{ "profile: test\nparameters:\n  vm.swappiness:\n", "no-value", 3, 17 },
	{ "profile: test\nparameters:\n  vm.swappiness: []\n", "no-value", 3, 18 },
	{ "profile: test\nparameters:\n  x.y: [1, \"\"]\n", "no-value", 3, 12 },
	{ "profile: test\nparameters:\n  x.y: [1, [2]]\n", "wrong-kind", 3, 12 },
	{ "profile: test\nparameters:\n  x.y: {value: {a: 1}}\n", "wrong-kind", 3, 16 },
	{ "profile: test\nparameters:\n  x.y: [\"1 2\", 3]\n", "bad-value", 3, 9 },
	{ "profile: test\nparameters:\n  x.y: \"1\\n2\"\n", "bad-value", 3, 8 },
	{ "profile: test\nparameters:\n  x.y: on\n", "yaml-boolean", 3, 8 },
	{ "profile: test\nparameters:\n  x.y: Off\n", "yaml-boolean", 3, 8 },
	{ "profile: test\nparameters:\n  x.y: yes\n", "yaml-boolean", 3, 8 },
	{ "profile: test\nparameters:\n  x.y: NO\n", "yaml-boolean", 3, 8 },
	{ "profile: test\nparameters:\n  x.y: true\n", "yaml-boolean", 3, 8 },
	{ "profile: test\nparameters:\n  x.y: n\n", "yaml-boolean", 3, 8 },
	{ "profile: test\nparameters:\n  x.y: null\n", "yaml-boolean", 3, 8 },
	{ "profile: test\nparameters:\n  x.y: ~\n", "yaml-boolean", 3, 8 },
	{ "profile: test\nparameters:\n  x.y: [1, on]\n", "yaml-boolean", 3, 12 },
	{ "profile: test\nparameters:\n  x.y: 0644\n", "not-a-number", 3, 8 },
	{ "profile: test\nparameters:\n  x.y: 010\n", "not-a-number", 3, 8 },
	{ "profile: test\nparameters:\n  x.y: 0o17\n", "not-a-number", 3, 8 },
	{ "profile: test\nparameters:\n  x.y: 0b11\n", "not-a-number", 3, 8 },
	{ "profile: test\nparameters:\n  x.y: 1_000\n", "not-a-number", 3, 8 },
	{ "profile: test\nparameters:\n  x.y: 1.5\n", "not-a-number", 3, 8 },
	{ "profile: test\nparameters:\n  x.y: .5\n", "not-a-number", 3, 8 },
	{ "profile: test\nparameters:\n  x.y: 1e6\n", "not-a-number", 3, 8 },
	{ "profile: test\nparameters:\n  x.y: +1\n", "not-a-number", 3, 8 },
	{ "profile: test\nparameters:\n  x.y: 64k\n", "not-a-number", 3, 8 },
	{ "profile: test\nparameters:\n  x.y: 16MiB\n", "not-a-number", 3, 8 },
	{ "profile: test\nparameters:\n  x.y: 18446744073709551616\n", "not-a-number", 3, 8 },
	{ "profile: test\nparameters:\n  x.y: -05\n", "not-a-number", 3, 8 },
	/* expressions: the column is that of the token where the text stands as it is, else that of the scalar */
	{ "profile: test\nparameters:\n  x.y: ${1 + }\n", "expression-syntax", 3, 14 },
	{ "profile: test\nparameters:\n  x.y: \"${1 + }\"\n", "expression-syntax", 3, 15 },
	{ "profile: test\nparameters:\n  x.y: '${1 + }'   # and more\n", "expression-syntax", 3, 15 },
	{ "profile: test\nparameters:\n  x.y: '${exists(''a'') + }'\n", "expression-syntax", 3, 8 },
	{ "profile: test\nparameters:\n  x.y: \"${\\x31 + }\"\n", "expression-syntax", 3, 8 },
	{ "profile: test\nparameters:\n  x.y: >\n    ${1 + }\n", "expression-syntax", 3, 8 },
	{ "profile: test\nparameters:\n  x.y: \"${1\n    + }\"\n", "expression-syntax", 3, 8 },
	{ "profile: test\nparameters:\n  x.y: [1, \"${1 1}\"]\n", "expression-syntax", 3, 17 },
	{ "profile: test\nparameters:\n  x.y: \"1 ${1} ${2 2}\"\n", "expression-syntax", 3, 20 },
	{ "profile: test\nparameters:\n  x.y: \"${a\"\n", "expression-syntax", 3, 12 },
	{ "profile: test\nparameters:\n  x.y: \"${kernel}\"\n", "expression-type", 3, 11 },
	{ "profile: test\nparameters:\n  x.y: \"${1}k\"\n", "mixed-field", 3, 8 },
	{ "profile: test\nparameters:\n  x.y: \"1${1 + 1}\"\n", "mixed-field", 3, 8 },
	{ "profile: test\nparameters:\n  x.y: [1, \"${1}${1}\"]\n", "mixed-field", 3, 12 },
	{ "profile: test\nparameters:\n  x.y: [\"${1} ${1}\"]\n", "bad-value", 3, 9 },
	{ "profile: test\nparameters:\n  x.y: [\"${1}\", [1]]\n", "wrong-kind", 3, 17 },
	{ "profile: test\nparameters:\n  x.y: [\"${1}\", 010]\n", "not-a-number", 3, 17 },
	{ "profile: test\nparameters:\n  x.y: {value: \"${1}\", at_least: 1}\n", "two-rules", 3, 24 },
	/* against the catalogue */
	{ "profile: test\nparameters:\n  vm.swappiness: -1\n", "out-of-range", 3, 18 },
	{ "profile: test\nparameters:\n  vm.swappiness: \"010\"\n", "not-a-number", 3, 18 },
	{ "profile: test\nparameters:\n  net.ipv4.tcp_rmem: [1, 2]\n", "wrong-field-count", 3, 22 },
	{ "profile: test\nparameters:\n  net.ipv4.tcp_rmem: [3, 2, 1]\n", "wrong-order", 3, 22 },
	/* YAML that is more than a profile */
	{ "profile: &a test\n", "anchor", 1, 10 },
	{ "profile: test\nsummary: *a\n", "anchor", 2, 10 },
	{ "profile: test\nparameters:\n  <<: {}\n", "merge-key", 3, 3 },
	{ "profile: !!str test\n", "tag", 1, 10 },
	{ "profile: test\n---\nprofile: test\n", "second-document", 2, 1 },
	{ "profile: test\nparameters: {x.y: 1\n", "yaml-syntax", 3, 1 },
};

static void test_every_mistake_has_its_id_and_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(mistakes); i++) {
		struct reading reading;
		const struct diag *diag;

		read_text(&reading, mistakes[i].text);
		diag = reading.diags.first;
		check_row(diag && reading.diags.errors == 1, "row %zu has %zu errors:\n%s", i,
			reading.diags.errors, mistakes[i].text);
		check_row(strcmp(diag->id, mistakes[i].id) == 0 && diag->span.line == mistakes[i].line &&
			diag->span.column == mistakes[i].column, "row %zu: %s at %u:%u:\n%s", i, diag->id,
			diag->span.line, diag->span.column, mistakes[i].text);
		assert_ptr_equal(diag->span.source, &reading.profile->source);
		if (diag->span.line)
			assert_true(diag->span.end_column > diag->span.column);
		arena_release(&reading.arena);
	}
}

static void test_second_places(void **state)
{
	struct reading reading;

	(void)state;
	read_text(&reading, "profile: test\nparameters:\n  vm.swappiness: 1\n  vm/swappiness: 1\n");
	assert_string_equal(reading.diags.first->also_message, "first here");
	assert_int_equal(reading.diags.first->also.line, 3);
	assert_int_equal(reading.diags.first->also.column, 3);
	arena_release(&reading.arena);
}

static void test_ten_mistakes_are_ten_diagnostics(void **state)
{
	static const char text[] =
		"profile: wrong\n"
		"parameters:\n"
		"  net.core.somaxconn: 0\n"
		"  net.ipv4.tcp_rmem: [1, 2]\n"
		"  ../../etc/passwd: 1\n"
		"  vm.swappiness: on\n"
		"  vm.dirty_ratio: 010\n"
		"  net.core.rmem_max: {value: 1000000, vlaue: 2}\n"
		"  kernel.x: {why: no value}\n"
		"  net.core.wmem_max: {at_least: 1000000, at_most: 2000000}\n"
		"  net.core.wmem_max: 1000000\n";
	struct reading reading;
	size_t on_line[12] = { 0 };

	(void)state;
	read_text(&reading, text);
	for (const struct diag *diag = reading.diags.first; diag; diag = diag->next) {
		assert_true(diag->span.line < COUNT_OF(on_line));
		on_line[diag->span.line]++;
	}
	assert_int_equal(reading.diags.errors, 10);
	/* One on every line but that of "parameters:". */
	for (size_t line = 1; line < COUNT_OF(on_line); line++)
		check_row(on_line[line] == (line != 2), "%zu on line %zu", on_line[line], line);
	arena_release(&reading.arena);
}

static void test_unknown_fields_get_a_suggestion(void **state)
{
	struct reading reading;

	(void)state;
	read_text(&reading, "profile: test\nparamters: {}\n");
	assert_string_equal(reading.diags.first->hint, "did you mean \"parameters\"?");
	arena_release(&reading.arena);
	read_text(&reading, "profile: test\nnothing_like_it: {}\n");
	assert_string_equal(reading.diags.first->hint,
		"known here: profile, summary, extends, variables, optional, parameters");
	arena_release(&reading.arena);
}

static void test_hostile_bytes(void **state)
{
	struct reading reading;

	(void)state;
	read_named(&reading, "profile: te\0st\n", 15, "test");
	assert_string_equal(reading.diags.first->id, "control-character");
	assert_int_equal(reading.diags.first->span.column, 12);
	arena_release(&reading.arena);
	read_named(&reading, "profile: \xff\n", 11, "test");
	assert_string_equal(reading.diags.first->id, "invalid-utf8");
	arena_release(&reading.arena);
}

static void test_written_profiles_are_taken_back(void **state)
{
	static const struct setting settings[] = {
		{ .path = "net/core/somaxconn", .value = { "65535", 5 } },
		{ .path = "net/ipv4/tcp_rmem", .value = { "4096 131072 6291456", 19 },
		  .why = "\"quoted\", with a \\ and: # signs" },
		{ .path = "net/ipv4/conf/eth0.100/rp_filter", .value = { "2", 1 }, .optional = true },
		{ .path = "net/core/rmem_max", .rule = SETTING_AT_LEAST, .value = { "16777216", 8 }, .why = "on" },
		{ .path = "net/core/wmem_max", .rule = SETTING_AT_MOST, .value = { "16777216", 8 } },
		{ .path = "net/ipv4/ip_local_reserved_ports", .value = { "", 0 } },
		{ .path = "kernel/core_pattern", .value = { "|/bin/x %p: \"y\" #z", 18 } },
		{ .path = "kernel/text", .value = { "on", 2 } },
		{ .path = "net/ipv4/conf/*/accept_redirects", .value = { "0", 1 } },
	};
	const struct setting *list[COUNT_OF(settings)];
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct reading reading;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(settings); i++)
		list[i] = &settings[i];
	profile_yaml_write(&text, &(struct profile_text){ .name = "test", .summary = "A: \"summary\"", .settings = list,
		.settings_count = COUNT_OF(list) });
	assert_int_equal(strbuf_check(&text), 0);
	read_text(&reading, text.bytes);
	check_row(reading.verdict == 0, "%s in\n%s",
		reading.diags.first ? reading.diags.first->message : "", text.bytes);
	assert_string_equal(reading.profile->summary, "A: \"summary\"");
	assert_int_equal(reading.profile->settings_count, COUNT_OF(settings));
	for (size_t i = 0; i < COUNT_OF(settings); i++) {
		const struct setting *setting = &reading.profile->settings[i];

		assert_string_equal(setting->path, settings[i].path);
		assert_int_equal(setting->rule, settings[i].rule);
		assert_int_equal(setting->optional, settings[i].optional);
		assert_true(value_identical(setting->value, settings[i].value));
		assert_int_equal(setting->why != NULL, settings[i].why != NULL);
		if (setting->why)
			assert_string_equal(setting->why, settings[i].why);
	}
	arena_release(&reading.arena);
}

static void test_nothing_is_written_as_nothing(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct reading reading;

	(void)state;
	profile_yaml_write(&text, &(struct profile_text){ .name = "test" });
	read_text(&reading, text.bytes);
	assert_int_equal(reading.verdict, 0);
	assert_int_equal(reading.profile->settings_count, 0);
	assert_null(reading.profile->summary);
	arena_release(&reading.arena);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_field),
		cmocka_unit_test(test_variables_and_expressions),
		cmocka_unit_test(test_too_many_variables),
		cmocka_unit_test(test_too_many_fields),
		cmocka_unit_test(test_optional_for_the_whole_profile),
		cmocka_unit_test(test_small_profiles),
		cmocka_unit_test(test_every_mistake_has_its_id_and_place),
		cmocka_unit_test(test_second_places),
		cmocka_unit_test(test_ten_mistakes_are_ten_diagnostics),
		cmocka_unit_test(test_unknown_fields_get_a_suggestion),
		cmocka_unit_test(test_hostile_bytes),
		cmocka_unit_test(test_written_profiles_are_taken_back),
		cmocka_unit_test(test_nothing_is_written_as_nothing),
	};

	return RUN_TESTS(tests);
}
