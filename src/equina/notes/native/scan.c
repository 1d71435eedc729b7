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

#define TOGETHER 8 /* words of bits that a processor holds at once */

/* The wanted classes of which the row has a letter, by those of its letters. */
static void add_wants(struct scratch *scratch)
{
    const struct tables *tables = scratch->tables;
    const letter *letters = scratch->letters.items;
    for (int first = 0; first < CLASS_WORDS; first += TOGETHER) {
        uint64_t has[TOGETHER] = {0};
        for (size_t i = 0; i < scratch->letters.count; i++) {
            const uint64_t *classes = tables->wanted + tables->known[letters[i]].wants + first;
            for (int j = 0; j < TOGETHER; j++)
                has[j] |= classes[j];
        }
        memcpy(scratch->wanted + first, has, sizeof has);
    }
}

/* Adds a letter of the row, unless it was met before, or it neither leads a group nor is wanted by one. */
static void add_letter(struct scratch *scratch, letter one, uint64_t place)
{
    const struct known *known = &scratch->tables->known[one];
    scratch->marks |= known->marks;
    if (!known->wants && !(known->marks & LEAD_ANY))
        return;
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
}

/* What stands under a letter that is asked for next. */
static void fetch_under(const struct tables *tables, letter one)
{
    const struct known *known = &tables->known[one];
    for (int i = 0; i < CLASS_WORDS; i += LINE / 8)
        fetch(&tables->wanted[known->wants + i]);
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
    add_wants(scratch);
    for (int32_t i = 0; i < row.count && i < PLACES; i++)
        scratch->classes[i] = scratch->tables->wanted + scratch->tables->known[row.letters[i]].wants;
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

/* Where what a group needs may stand beside the letter at a place, in a row. */
static inline struct reach reach_of(const struct beside *beside, struct row row, int32_t place)
{
    int32_t from = place + beside->from, to = place + beside->to;
    return (struct reach){from > 0 ? from : 0, to < row.count ? to : row.count - 1};
}

/* The first place of a reach at which a letter of a wanted class stands; behind its end when there is none. */
static inline int32_t first_wanted(const struct scratch *scratch, uint32_t wanted, struct reach reach)
{
    while (reach.from <= reach.to && !(scratch->classes[reach.from][wanted / 64] >> wanted % 64 & 1))
        reach.from++;
    return reach.from;
}

/* Whether what a group needs may stand where it must, if the letter at this place leads it, as far as classes tell, which are at hand; and
 * at which place first. What is asked about it next is bidden. */
static bool may_stand(const struct scratch *scratch, const struct group *group, struct row row, struct sought *sought)
{
    for (int i = 0; i < BESIDE && group->beside[i].set != NONE; i++) {
        struct reach reach = reach_of(&group->beside[i], row, sought->place);
        sought->first[i] = first_wanted(scratch, group->beside[i].wanted, reach);
        if (sought->first[i] > reach.to)
            return false;
    }
    for (int i = 0; i < BESIDE && group->beside[i].set != NONE; i++)
        fetch(member_of(scratch->tables, group->beside[i].set, row.letters[sought->first[i]]));
    if (group->choice != NONE)
        fetch(&scratch->tables->choices[group->choice]);
    return true;
}

/* The candidates once for each place of the letter that leads them, as far as they may match there: into scratch->sought. */
static void seek(struct scratch *scratch, const struct group *groups, struct row row)
{
    const struct candidate *candidates = scratch->candidates.items;
    scratch->sought.count = 0;
    for (size_t i = 0; i < scratch->candidates.count; i++)
        for (uint64_t led = candidates[i].begins; led; led &= led - 1) {
            if (!room_for(scratch, &scratch->sought, sizeof(struct sought), 1))
                return;
            struct sought *sought = (struct sought *)scratch->sought.items + scratch->sought.count;
            *sought = (struct sought){candidates[i].group, lowest(led), {0}};
            scratch->sought.count += may_stand(scratch, &groups[sought->group], row, sought);
        }
}

/* Whether it does stand there. */
static bool has_beside(const struct scratch *scratch, const struct group *group, struct row row, const struct sought *sought)
{
    for (int i = 0; i < BESIDE && group->beside[i].set != NONE; i++) {
        const struct beside *beside = &group->beside[i];
        struct reach reach = reach_of(beside, row, sought->place);
        reach.from = sought->first[i];
        while (reach.from <= reach.to && !holds(scratch->tables, beside->set, row.letters[reach.from])) {
            reach.from++;
            reach.from = first_wanted(scratch, beside->wanted, reach);
        }
        if (reach.from > reach.to)
            return false;
    }
    return true;
}

/* Bids what tells whether a match of a group begins at some places. */
static void fetch_beginnings(const struct tables *tables, const struct group *group, struct row row, uint64_t places)
{
    for (; places && group->begins != NONE; places &= places - 1)
        fetch(member_of(tables, group->begins, row.letters[lowest(places)]));
}

/* At which of some places a match of a group may begin. */
static uint64_t beginnings(const struct tables *tables, const struct group *group, struct row row, uint64_t left)
{
    uint64_t found = 0;
    if (group->begins == NONE)
        return left;
    for (; left; left &= left - 1)
        found |= holds(tables, group->begins, row.letters[lowest(left)]) ? left & -left : 0;
    return found;
}

/* Bids what a match of a group asks first of the letter with which it may begin. */
static void fetch_choice(const struct tables *tables, const struct group *group, struct row row, uint64_t places)
{
    if (places && group->choice != NONE)
        fetch(first_option(tables, &tables->choices[group->choice], row.letters[lowest(places)]));
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

/* Makes candidates of what was sought where all stands that must: before that, a match may begin. */
static void find_sought(struct scratch *scratch, const struct group *groups, struct row row)
{
    const struct tables *tables = scratch->tables;
    const struct sought *sought = scratch->sought.items;
    uint64_t all = row.count ? ~bits_from(row.count) : 0;
    scratch->candidates.count = 0;
    for (size_t i = 0; i < scratch->sought.count; i++) {
        const struct group *group = &groups[sought[i].group];
        uint64_t begins = bits_from(sought[i].place - group->most) & ~bits_from(sought[i].place - group->least + 1) & all;
        if (!begins || !has_beside(scratch, group, row, &sought[i]))
            continue;
        struct candidate *candidate = put(scratch, &scratch->candidates, sizeof *candidate);
        if (!candidate)
            return;
        *candidate = (struct candidate){sought[i].group, begins};
        fetch(&tables->program[group->entry]);
        fetch_beginnings(tables, group, row, begins);
    }
}

/* Leaves out the candidates that can begin nowhere, by where the letters stand that lead them. What is asked of memory is bidden before. */
static void place_candidates(struct scratch *scratch, int which, struct row row)
{
    const struct group *groups = scratch->tables->indexes[which].groups;
    const struct candidate *led = scratch->candidates.items;
    for (size_t i = 0; i < scratch->candidates.count; i++)
        fetch(&groups[led[i].group]);
    seek(scratch, groups, row);
    find_sought(scratch, groups, row);
    struct candidate *candidates = scratch->candidates.items;
    size_t kept = 0;
    for (size_t i = 0; i < scratch->candidates.count; i++) {
        const struct group *group = &groups[candidates[i].group];
        uint64_t begins = beginnings(scratch->tables, group, row, candidates[i].begins);
        fetch_choice(scratch->tables, group, row, begins);
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
    for (size_t i = 0; i < scratch->candidates.count; i++) {
        const struct group *group = &index->groups[candidates[i].group];
        if (row.count > PLACES)
            match_long(scratch, group, row);
        else
            match_short(scratch, group, row, candidates[i].begins);
    }
}
