/* SPDX-License-Identifier: MIT */
/* States that have been visited: an open hash table. */
#include "tests/checker/visited.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/die.h"

#define FIRST_ENTRIES 4096
#define NEVER         UINT8_MAX

static struct visit *
new_entries(size_t count)
{
	struct visit *entries = calloc(count, sizeof(*entries));

	if (entries == NULL)
		DIE_ERRNO(ENOMEM, "calloc of the visited states");
	return entries;
}

void
visited_init(struct visited *visited)
{
	visited->entries = new_entries(FIRST_ENTRIES);
	visited->mask = FIRST_ENTRIES - 1;
	visited->count = 0;
}

void
visited_destroy(struct visited *visited)
{
	free(visited->entries);
	visited->entries = NULL;
}

static struct visit *
find_place(const struct visited *visited, uint64_t key)
{
	size_t i = (size_t)key & visited->mask;

	while (visited->entries[i].key != 0 && visited->entries[i].key != key)
		i = (i + 1) & visited->mask;
	return &visited->entries[i];
}

static void
grow(struct visited *visited)
{
	struct visit *old = visited->entries;
	size_t count = visited->mask + 1;

	visited->entries = new_entries(2 * count);
	visited->mask = 2 * count - 1;
	for (size_t i = 0; i < count; i++)
		if (old[i].key != 0)
			*find_place(visited, old[i].key) = old[i];
	free(old);
}

struct visit *
visited_find(struct visited *visited, uint64_t key)
{
	struct visit *visit;

	key |= 1; /* 0 is taken; half of the bits' luck is enough */
	visit = find_place(visited, key);
	if (visit->key != 0)
		return visit;
	if (visited->count * 3 > visited->mask * 2) {
		grow(visited);
		visit = find_place(visited, key);
	}
	visited->count++;
	visit->key = key;
	visit->depth = NOT_ON_PATH;
	memset(visit->preemptions, NEVER, sizeof(visit->preemptions));
	return visit;
}

bool
visit_is_covered(
	struct visit *visit, int last, bool free_to_switch, int preemptions)
{
	int slot = free_to_switch ? MAX_TASKS : last;

	if (visit->preemptions[MAX_TASKS] <= preemptions ||
		visit->preemptions[slot] <= preemptions)
		return true;
	/* Who came with another thread had to preempt that one once, at most */
	for (int i = 0; i < MAX_TASKS; i++)
		if (visit->preemptions[i] < preemptions)
			return true;
	visit->preemptions[slot] = (uint8_t)preemptions;
	return false;
}
