/* Scanning: which groups can match in a row of letters at all, by the letters in it; then what they match (index.py, scan.py). */
#include <stdlib.h>
#include <string.h>

#include "reader.h"

/* Marks say of which row they are; when their numbers have run out they begin again. */
void new_mark(struct scratch *scratch)
{
    const struct tables *tables = scratch->tables;
    if (++scratch->now)
        return;
    memset(scratch->letter_seen, 0, tables->limit * sizeof *scratch->letter_seen);
    memset(scratch->finding_seen, 0, tables->findings * sizeof *scratch->finding_seen);
    scratch->now = 1;
}

/* Adds the wanted classes that a letter is of. */
static void add_wants(struct scratch *scratch, letter one)
{
    const struct tables *tables = scratch->tables;
    const struct some *wants = &tables->known[one].wants;
    uint64_t *has = scratch->wanted;
    if (wants->count == MANY) {
        const uint64_t *bits = tables->wanted_bits + wants->first;
        for (uint32_t i = 0, words = words_of(tables->wanted_count); i < words; i++)
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

/* What stands under a letter that is asked for next. */
static void fetch_under(const struct tables *tables, letter one)
{
    const struct known *known = &tables->known[one];
    fetch(known->wants.count == MANY ? (const void *)&tables->wanted_bits[known->wants.first] : &tables->wanted[known->wants.first]);
    fetch(&tables->indexes[FINDS].led[known->led[FINDS].first]);
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
    for (size_t i = 0; i < scratch->letters.count; i++)
        fetch_under(scratch->tables, ((const letter *)scratch->letters.items)[i]);
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

/* The bits of a place and of all behind it. */
static inline uint64_t bits_from(int32_t place)
{
    return place >= PLACES ? 0 : ~UINT64_C(0) << (place > 0 ? place : 0);
}

/* Whether a letter of a set stands from one place up to another, as far as the row reaches. */
static bool stands(const struct tables *tables, uint32_t set, struct row row, int32_t from, int32_t to)
{
    to = to < row.count ? to : row.count - 1;
    for (int32_t place = from > 0 ? from : 0; place <= to; place++)
        if (holds(tables, set, row.letters[place]))
            return true;
    return false;
}

/* Whether what a group needs stands where it must, if the letter at this place leads it. */
static bool has_beside(const struct tables *tables, const struct group *group, struct row row, int32_t place)
{
    for (int i = 0; i < BESIDE && group->beside[i].set != NONE; i++) {
        const struct beside *beside = &group->beside[i];
        if (!stands(tables, beside->set, row, place + beside->from, place + beside->to))
            return false;
    }
    return true;
}

/* At which places of a short row a match of a group may begin, as bits, if the letter at these places leads it. */
static uint64_t beginnings(const struct tables *tables, const struct group *group, struct row row, uint64_t led)
{
    uint64_t left = 0, found = 0;
    for (; led; led &= led - 1) {
        int32_t place = lowest(led);
        if (has_beside(tables, group, row, place))
            left |= bits_from(place - group->most) & ~bits_from(place - group->least + 1);
    }
    if (group->begins == NONE)
        return left;
    for (; left; left &= left - 1) {
        letter one = row.letters[lowest(left)];
        if (group->hint & hint_of(one) && holds(tables, group->begins, one))
            found |= left & -left;
    }
    return found;
}

static int ascending(const void *one, const void *other)
{
    const struct candidate *a = one, *b = other;
    return (a->group > b->group) - (a->group < b->group);
}

/* In order, each once: a group may be led by several letters of the row. */
static void sort_candidates(struct pile *pile)
{
    struct candidate *candidates = pile->items;
    if (pile->count > 32)
        qsort(candidates, pile->count, sizeof *candidates, ascending);
    else
        for (size_t i = 1; i < pile->count; i++) {
            struct candidate one = candidates[i];
            size_t j = i;
            for (; j && candidates[j - 1].group > one.group; j--)
                candidates[j] = candidates[j - 1];
            candidates[j] = one;
        }
    size_t kept = 0;
    for (size_t i = 0; i < pile->count; i++)
        if (kept && candidates[kept - 1].group == candidates[i].group)
            candidates[kept - 1].begins |= candidates[i].begins;
        else
            candidates[kept++] = candidates[i];
    pile->count = kept;
}

/* The groups under a letter that may match in the row, as far as the letters in it tell; the letter stands at these places. */
static void add_led(struct scratch *scratch, int which, letter one, uint64_t places)
{
    const struct some *led = &scratch->tables->known[one].led[which];
    const struct lead *lead = scratch->tables->indexes[which].led + led->first, *end = lead + led->count;
    if (!room_for(scratch, &scratch->candidates, sizeof(struct candidate), led->count))
        return;
    struct candidate *candidates = scratch->candidates.items;
    size_t count = scratch->candidates.count;
    for (; lead < end; lead++) { /* without a branch: which of them may match is not to be foreseen */
        candidates[count] = (struct candidate){lead->group, places};
        count += may_match(scratch->wanted, lead);
    }
    scratch->candidates.count = count;
}

/* Leaves out the candidates that can begin nowhere, by where the letters stand that lead them. */
static void place_candidates(struct scratch *scratch, int which, struct row row)
{
    const struct tables *tables = scratch->tables;
    const struct group *groups = tables->indexes[which].groups;
    struct candidate *candidates = scratch->candidates.items;
    size_t kept = 0;
    for (size_t i = 0; i < scratch->candidates.count; i++)
        fetch(&groups[candidates[i].group]);
    for (size_t i = 0; i < scratch->candidates.count; i++) {
        const struct group *group = &groups[candidates[i].group];
        uint64_t begins = beginnings(tables, group, row, candidates[i].begins);
        fetch(&tables->program[group->entry]);
        candidates[kept] = (struct candidate){candidates[i].group, begins};
        kept += begins != 0;
    }
    scratch->candidates.count = kept;
}

/* The groups that may match in the row. */
static void find_candidates(struct scratch *scratch, int which, struct row row)
{
    const letter *letters = scratch->letters.items;
    const uint64_t *places = scratch->places.items;
    scratch->candidates.count = 0;
    for (size_t i = 0; i < scratch->letters.count; i++)
        add_led(scratch, which, letters[i], places[i]);
    if (row.count <= PLACES)
        place_candidates(scratch, which, row);
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
        letter one = row.letters[i];
        if (!(tables->known[one].marks & IS_SINGLE(which)))
            continue;
        const struct some *says = &tables->says[one].of[which];
        for (uint32_t j = 0; j < says->count; j++)
            add_match(scratch, (struct match){i, i + 1, (int32_t)tables->indexes[which].single[says->first + j], -1});
    }
}

/* Whether a match of a group may begin with a letter. */
static inline bool may_begin(const struct tables *tables, const struct group *group, letter one)
{
    return group->hint & hint_of(one) && (group->begins == NONE || holds(tables, group->begins, one));
}

/* What a group matches, where the places of a row are bits: those at which it may begin. */
static void match_short(struct scratch *scratch, const struct group *group, struct row row, uint64_t left)
{
    while (left && !scratch->failed) {
        struct match match;
        int32_t place = lowest(left);
        left &= left - 1;
        if (!match_at(scratch, group, row, place, &match))
            continue;
        add_match(scratch, match);
        left &= bits_from(match.end);
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

/* What a match asks first of the letter with which it may begin. */
static void fetch_choice(const struct tables *tables, const struct group *group, struct row row, uint64_t begins)
{
    uint32_t first = tables->program[group->entry];
    if (row.count > PLACES || first >> 24 != OP_CHOICE)
        return;
    const uint32_t *choice = tables->options + (first & 0xffffff);
    fetch(choice + HEAD + place_of(row.letters[lowest(begins)], *choice));
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
    find_candidates(scratch, which, row);
    const struct candidate *candidates = scratch->candidates.items;
    for (size_t i = 0; i < scratch->candidates.count; i++)
        fetch_choice(scratch->tables, &index->groups[candidates[i].group], row, candidates[i].begins);
    for (size_t i = 0; i < scratch->candidates.count; i++) {
        const struct group *group = &index->groups[candidates[i].group];
        if (row.count > PLACES)
            match_long(scratch, group, row);
        else
            match_short(scratch, group, row, candidates[i].begins);
    }
}
