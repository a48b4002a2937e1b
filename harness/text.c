/* SPDX-License-Identifier: MIT */
/* Text that grows, and text that cannot be had without memory. */
#include "harness/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/die.h"

char *
text_format(const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		DIE_ERRNO(ENOMEM, "vasprintf");
	va_end(args);
	return text;
}

void
text_append(char **text, const char *fmt, ...)
{
	size_t length = *text == NULL ? 0 : strlen(*text);
	va_list args;
	char *more;
	int count;

	va_start(args, fmt);
	count = vasprintf(&more, fmt, args);
	va_end(args);
	if (count < 0)
		DIE_ERRNO(ENOMEM, "vasprintf");
	*text = realloc(*text, length + (size_t)count + 1);
	if (*text == NULL)
		DIE_ERRNO(ENOMEM, "realloc");
	memcpy(*text + length, more, (size_t)count + 1);
	free(more);
}

char *
text_copy(const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL)
		DIE_ERRNO(ENOMEM, "strdup");
	return copy;
}

char *
text_shell_word(const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-./,+:=@%";
	char *word;

	if (text[0] != '\0' && strspn(text, plain) == strlen(text))
		return text_copy(text);
	word = text_copy("'");
	for (; *text != '\0'; text++)
		text_append(&word, *text == '\'' ? "'\\'%c" : "%c", *text);
	text_append(&word, "'");
	return word;
}

json_t *
text_to_json(char *bytes, size_t length)
{
	json_t *string;

	for (size_t i = 0; i < length; i++)
		if (bytes[i] == '\0')
			bytes[i] = '?';
	string = json_stringn(bytes, length);
	if (string != NULL)
		return string;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)bytes[i] >= 0x80)
			bytes[i] = '?';
	string = json_stringn(bytes, length);
	if (string == NULL)
		DIE_ERRNO(ENOMEM, "json_stringn");
	return string;
}
