/* Blocks: tables side by side in large pages of memory, where the system has them. What is asked of one row lies all over megabytes, and
 * with small pages the processor looks up where each is more often than it reads it. */
#define _DEFAULT_SOURCE /* madvise */
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

#include "reader.h"

#define LARGE_PAGE ((size_t)1 << 21)

static size_t rounded(size_t bytes, size_t unit)
{
    return (bytes + unit - 1) / unit * unit;
}

size_t room_in_block(size_t bytes)
{
    return rounded(bytes, LINE);
}

bool begin_block(struct block *block, size_t bytes)
{
    size_t room = rounded(bytes, LARGE_PAGE);
    *block = (struct block){room < bytes ? NULL : aligned_alloc(LARGE_PAGE, room), 0};
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    if (block->memory)
        (void)madvise(block->memory, room, MADV_HUGEPAGE); /* advice: it does as well without */
#endif
    return block->memory;
}

void *room_of(struct block *block, size_t bytes)
{
    char *place = block->memory + block->used;
    block->used += rounded(bytes, LINE);
    return memset(place, 0, bytes);
}

void *move_in(struct block *block, void *items, size_t bytes)
{
    void *place = room_of(block, bytes);
    if (bytes)
        memcpy(place, items, bytes);
    free(items);
    return place;
}
