/* SPDX-License-Identifier: MIT */
/* Comparing hosts. */
#include "model/host.h"

#include <string.h>

bool host_is_same_boot(const struct host *a, const struct host *b)
{
	return strcmp(a->boot_id, b->boot_id) == 0;
}

bool host_is_same_netns(const struct host *a, const struct host *b)
{
	bool have_cookies = a->netns_cookie[0] && b->netns_cookie[0];

	return strcmp(a->netns, b->netns) == 0 &&
		(!have_cookies || strcmp(a->netns_cookie, b->netns_cookie) == 0);
}
