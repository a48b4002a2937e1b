/* SPDX-License-Identifier: MIT */
/* Small text files of the kernel, /proc and /sys: read whole, picked apart. */
#include "harness/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
proc_read(const char *path, char *text, size_t capacity)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t n = 0;
	int err = 0;

	text[0] = '\0';
	if (fd < 0)
		return -errno;
	while (length < capacity - 1 &&
		(n = read(fd, text + length, capacity - 1 - length)) > 0)
		length += (size_t)n;
	if (n < 0)
		err = errno;
	(void)close(fd); /* nothing was written */
	if (err != 0)
		length = 0;
	if (length > 0 && text[length - 1] == '\n')
		length--;
	text[length] = '\0';
	return err != 0 ? -err : (int)length;
}

int
proc_read_number(const char *path, int64_t *number)
{
	char text[32], *end;
	int rc = proc_read(path, text, sizeof(text));

	if (rc < 0)
		return rc;
	errno = 0;
	*number = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0')
		return -EINVAL;
	return 0;
}

bool
proc_field(const char *text, const char *key, char *value, size_t capacity)
{
	static const char around[] = " \t=:\"";
	size_t key_length = strlen(key), length;

	while (strncmp(text, key, key_length) != 0 ||
		strchr(around, text[key_length]) == NULL) {
		text = strchr(text, '\n');
		if (text == NULL)
			return false;
		text++;
	}
	text += key_length;
	text += strspn(text, around);
	length = strcspn(text, "\n");
	while (length > 0 && strchr(around, text[length - 1]) != NULL)
		length--;
	if (length >= capacity)
		length = capacity - 1;
	memcpy(value, text, length);
	value[length] = '\0';
	return true;
}
