/* Scanning: which groups can match in a row of letters at all, by the letters in it; then what they match (index.py, scan.py). */
#include <stdlib.h>
#include <string.h>

#include "reader.h"

/* Marks say of which row they are; when their numbers have run out they begin again. */
static void new_mark(struct scratch *scratch)
{
    const struct tables *tables = scratch->tables;
    if (++scratch->now)
        return;
    memset(scratch->letter_seen, 0, tables->limit * sizeof *scratch->letter_seen);
    memset(scratch->finding_seen, 0, tables->findings * sizeof *scratch->finding_seen);
    scratch->now = 1;
}

/* Adds the wanted sets that a letter is of. */
static void add_wants(struct scratch *scratch, letter one)
{
    const struct tables *tables = scratch->tables;
    const struct some *wants = &tables->known[one].wants;
    uint64_t *has = scratch->wanted;
    if (wants->count == MANY) {
        const uint64_t *bits = tables->wanted_bits + wants->first;
        for (uint32_t i = 0; i < words_of(tables->wanted_count); i++)
            has[i] |= bits[i];
        return;
    }
    const uint16_t *wanted = tables->wanted + wants->first;
    for (uint32_t i = 0; i < wants->count; i++)
        has[wanted[i] / 64] |= UINT64_C(1) << wanted[i] % 64;
}

/* Adds a letter of the row, unless it was met before. */
static void add_letter(struct scratch *scratch, letter one, uint64_t place)
{
    if (scratch->letter_seen[one] == scratch->now) {
        ((uint64_t *)scratch->places.items)[scratch->letter_index[one]] |= place;
        return;
    }
    letter *kept = put(scratch, &scratch->letters, sizeof *kept);
    uint64_t *places = put(scratch, &scratch->places, sizeof *places);
    if (!kept || !places)
        return;
    scratch->letter_seen[one] = scratch->now;
    scratch->letter_index[one] = (uint16_t)(scratch->letters.count - 1);
    *kept = one;
    *places = place;
    scratch->marks |= scratch->tables->known[one].marks;
}

/* Takes stock of a row: which letters it holds, where, and what stands under them. */
void new_row(struct scratch *scratch, struct row row)
{
    new_mark(scratch);
    scratch->letters.count = scratch->places.count = 0;
    scratch->marks = 0;
    for (int32_t i = 0; i < row.count && !scratch->failed; i++)
        add_letter(scratch, row.letters[i], UINT64_C(1) << (i & (PLACES - 1)));
    if (!(scratch->marks & LEAD_ANY) || scratch->failed)
        return;
    memset(scratch->wanted, 0, words_of(scratch->tables->wanted_count) * sizeof *scratch->wanted);
    scratch->wanted[0] = 1; /* what needs nothing more has it */
    for (size_t i = 0; i < scratch->letters.count; i++)
        add_wants(scratch, ((const letter *)scratch->letters.items)[i]);
}

/* Which is the lowest bit that is set. */
static inline int32_t lowest(uint64_t bits)
{
#ifdef __GNUC__
    return __builtin_ctzll(bits);
#else
    int32_t place = 0;
    for (; !(bits & 1); bits >>= 1)
        place++;
    return place;
#endif
}

/* Whether the row has what a group needs besides the letter that leads it. */
static inline bool may_match(const uint64_t *wanted, const struct lead *lead)
{
    return wanted[lead->wants[0] / 64] >> lead->wants[0] % 64 & wanted[lead->wants[1] / 64] >> lead->wants[1] % 64 & 1;
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
static void find_candidates(struct scratch *scratch, int which)
{
    const struct tables *tables = scratch->tables;
    const letter *letters = scratch->letters.items;
    scratch->candidates.count = 0;
    for (size_t i = 0; i < scratch->letters.count; i++) {
        const struct some *led = &tables->known[letters[i]].led[which];
        const struct lead *lead = tables->indexes[which].led + led->first, *end = lead + led->count;
        if (!room_for(scratch, &scratch->candidates, sizeof(uint32_t), led->count))
            return;
        uint32_t *candidates = scratch->candidates.items;
        size_t count = scratch->candidates.count;
        for (; lead < end; lead++) { /* without a branch: which of them may match is not to be foreseen */
            candidates[count] = lead->group;
            count += may_match(scratch->wanted, lead);
        }
        scratch->candidates.count = count;
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
static void find_single(struct scratch *scratch, int which, struct row row)
{
    const struct tables *tables = scratch->tables;
    for (int32_t i = 0; i < row.count; i++) {
        const struct known *known = &tables->known[row.letters[i]];
        if (!(known->marks & IS_SINGLE(which)))
            continue;
        for (uint32_t j = 0; j < known->single[which].count; j++)
            add_match(scratch, (struct match){i, i + 1, (int32_t)tables->indexes[which].single[known->single[which].first + j], -1});
    }
}

/* Whether a match of a group may begin with a letter. */
static inline bool may_begin(const struct tables *tables, const struct group *group, letter one)
{
    return group->hint & hint_of(one) && (group->begins == NONE || holds(tables, group->begins, one));
}

/* At which places of the row a match of a group may begin, as bits. */
static uint64_t beginnings(const struct scratch *scratch, const struct group *group, int32_t count)
{
    const letter *letters = scratch->letters.items;
    const uint64_t *places = scratch->places.items;
    uint64_t hinted = 0, found = 0;
    for (size_t i = 0; i < scratch->letters.count; i++)
        hinted |= (group->hint >> (letters[i] & 63) & 1) << i;
    if (group->begins == NONE)
        return ~UINT64_C(0) >> (PLACES - count);
    for (; hinted; hinted &= hinted - 1) {
        int32_t i = lowest(hinted);
        found |= holds(scratch->tables, group->begins, letters[i]) ? places[i] : 0;
    }
    return found;
}

/* What a group matches, where the places of a row are bits. */
static void match_short(struct scratch *scratch, const struct group *group, struct row row)
{
    uint64_t left = beginnings(scratch, group, row.count);
    while (left && !scratch->failed) {
        int32_t place = lowest(left);
        struct match match;
        left &= left - 1;
        if (!match_at(scratch, group, row, place, &match))
            continue;
        add_match(scratch, match);
        left &= match.end < PLACES ? ~UINT64_C(0) << match.end : 0;
    }
}

static void match_long(struct scratch *scratch, const struct group *group, struct row row)
{
    struct match match;
    for (int32_t place = 0; place < row.count && !scratch->failed; place++)
        if (may_begin(scratch->tables, group, row.letters[place]) && match_at(scratch, group, row, place, &match)) {
            add_match(scratch, match);
            place = match.end - 1;
        }
}

/* All that is found in the row of which stock was taken, in the order of index.py: single letters first, then group by group. */
void find_matches(struct scratch *scratch, int which, struct row row)
{
    const struct index *index = &scratch->tables->indexes[which];
    scratch->matches.count = 0;
    if (scratch->marks & IS_SINGLE(which))
        find_single(scratch, which, row);
    if (!(scratch->marks & LEADS(which)))
        return;
    find_candidates(scratch, which);
    const uint32_t *candidates = scratch->candidates.items;
    for (size_t i = 0; i < scratch->candidates.count; i++)
        (row.count <= PLACES ? match_short : match_long)(scratch, &index->groups[candidates[i]], row);
}
