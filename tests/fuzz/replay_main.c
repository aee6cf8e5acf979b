/* SPDX-License-Identifier: MIT */
/* Runs a fuzz target on every file of a corpus directory: the fuzzers' findings as an ordinary test. */
#include "fuzz.h"

#include "base/fileio.h"

#include <fcntl.h>
#include <string.h>

enum { INPUT_SIZE_MAX = 4 * 1024 * 1024 };

static int replay(int dir_fd, const char *name)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	uint8_t *exact;
	int r;

	fprintf(stderr, "%s\n", name);
	r = fileio_read_at(dir_fd, name, INPUT_SIZE_MAX, &text);
	if (r < 0)
		return r;
	/* No byte more than the input has, so that a sanitizer sees reads behind it. */
	exact = malloc(text.length ? text.length : 1);
	if (!exact)
		return -ENOMEM;
	memcpy(exact, text.bytes, text.length);
	LLVMFuzzerTestOneInput(exact, text.length);
	free(exact);
	return 0;
}

int main(int argc, char **argv)
{
	CLEANUP_DIR DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
	const struct dirent *entry;
	unsigned count = 0;

	if (!dir) {
		fprintf(stderr, "usage: %s CORPUS-DIRECTORY\n", argv[0]);
		return 2;
	}
	while ((entry = readdir(dir)) != NULL) {
		int r;

		if (entry->d_name[0] == '.')
			continue;
		r = replay(dirfd(dir), entry->d_name);
		if (r < 0) {
			fprintf(stderr, "%s: %s\n", entry->d_name, strerror(-r));
			return 2;
		}
		count++;
	}
	printf("%u inputs\n", count);
	return count > 0 ? 0 : 2;
}
