/* SPDX-License-Identifier: MIT */
/* Does nothing, with the libraries of kerntune: what it costs to start. */
int main(void)
{
	return 0;
}
