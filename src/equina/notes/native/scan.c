/* Scanning: which groups can match in a row of letters at all, by the letters in it; then what they match (index.py, scan.py). */
#include <stdlib.h>
#include <string.h>

#include "reader.h"

/* Marks say of which row they are; when their numbers have run out they begin again. */
static void new_mark(struct scratch *scratch)
{
    const struct tables *tables = scratch->tables;
    if (!++scratch->now_wanted) {
        memset(scratch->wanted_seen, 0, (tables->wanted_count + 1) * sizeof *scratch->wanted_seen);
        scratch->now_wanted = 1;
    }
    if (++scratch->now)
        return;
    memset(scratch->letter_seen, 0, tables->limit * sizeof *scratch->letter_seen);
    memset(scratch->finding_seen, 0, tables->findings * sizeof *scratch->finding_seen);
    scratch->now = 1;
}

/* Takes stock of a row: which letters it holds, and what stands under them. */
void new_row(struct scratch *scratch, struct row row)
{
    const struct tables *tables = scratch->tables;
    new_mark(scratch);
    scratch->letters.count = 0;
    scratch->marks = 0;
    scratch->wanted_seen[0] = scratch->now_wanted; /* what needs nothing more has it */
    for (int32_t i = 0; i < row.count; i++) {
        letter one = row.letters[i];
        if (scratch->letter_seen[one] == scratch->now)
            continue;
        scratch->letter_seen[one] = scratch->now;
        letter *kept = put(scratch, &scratch->letters, sizeof *kept);
        if (!kept)
            return;
        *kept = one;
        scratch->marks |= tables->marks[one];
        const uint16_t *wanted = tables->wanted + tables->wanted_start[one], *end = tables->wanted + tables->wanted_start[one + 1];
        for (; wanted < end; wanted++)
            scratch->wanted_seen[*wanted] = scratch->now_wanted;
    }
}

/* Whether the row has what a group needs besides the letter that leads it. */
static inline bool may_match(const struct scratch *scratch, const struct lead *lead)
{
    for (int i = 0; i < NEEDS - 1; i++)
        if (scratch->wanted_seen[lead->wants[i]] != scratch->now_wanted)
            return false;
    return true;
}

static int ascending(const void *one, const void *other)
{
    uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;
    return (a > b) - (a < b);
}

/* In order, each once: a group may be led by several letters of the row. */
static void sort_candidates(struct pile *candidates)
{
    uint32_t *groups = candidates->items;
    if (candidates->count > 32)
        qsort(groups, candidates->count, sizeof *groups, ascending);
    else
        for (size_t i = 1; i < candidates->count; i++) {
            uint32_t group = groups[i];
            size_t j = i;
            for (; j && groups[j - 1] > group; j--)
                groups[j] = groups[j - 1];
            groups[j] = group;
        }
    size_t kept = 0;
    for (size_t i = 0; i < candidates->count; i++)
        if (!kept || groups[kept - 1] != groups[i])
            groups[kept++] = groups[i];
    candidates->count = kept;
}

/* The groups that may match in the row. */
static void find_candidates(struct scratch *scratch, const struct index *index)
{
    const letter *letters = scratch->letters.items;
    scratch->candidates.count = 0;
    for (size_t i = 0; i < scratch->letters.count; i++)
        for (uint32_t j = index->led_start[letters[i]]; j < index->led_start[letters[i] + 1]; j++) {
            uint32_t *candidate = may_match(scratch, &index->led[j]) ? put(scratch, &scratch->candidates, sizeof *candidate) : NULL;
            if (candidate)
                *candidate = index->led[j].group;
        }
    sort_candidates(&scratch->candidates);
}

static void add_match(struct scratch *scratch, struct match match)
{
    struct match *kept = put(scratch, &scratch->matches, sizeof *kept);
    if (kept)
        *kept = match;
}

/* What single letters say. */
static void find_single(struct scratch *scratch, const struct index *index, struct row row)
{
    for (int32_t i = 0; i < row.count; i++)
        for (uint32_t j = index->single.start[row.letters[i]]; j < index->single.start[row.letters[i] + 1]; j++)
            add_match(scratch, (struct match){i, i + 1, (int32_t)index->single.items[j], -1});
}

/* All that is found in the row of which stock was taken, in the order of index.py: single letters first, then group by group. */
void find_matches(struct scratch *scratch, int which, struct row row)
{
    const struct index *index = &scratch->tables->indexes[which];
    scratch->matches.count = 0;
    if (scratch->marks & IS_SINGLE(which))
        find_single(scratch, index, row);
    if (!(scratch->marks & LEADS(which)))
        return;
    find_candidates(scratch, index);
    const uint32_t *candidates = scratch->candidates.items;
    for (size_t i = 0; i < scratch->candidates.count; i++) {
        struct match match;
        int32_t from = 0;
        while (!scratch->failed && next_match(scratch, &index->groups[candidates[i]], row, from, &match)) {
            add_match(scratch, match);
            from = match.end;
        }
    }
}
