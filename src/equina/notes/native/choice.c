/* Choices: alternatives are split off one after the other, and most of a long row of them cannot begin with the letter that comes next.
 * So the first split of each long row becomes a choice, which knows for each letter the ways that can go on with it. Ways are left
 * out, never put in another order: what is found stays the same. */
#include <stdlib.h>
#include <string.h>

#include "reader.h"

#define LONG 4 /* ways from which on a row is long */

/* A way that can go on with a letter; `one` is `limit` for any letter. */
struct fit {
    uint32_t one, order, way;
};

/* What a choice leaves to a letter, as in its place. */
struct left {
    letter one;
    uint32_t ways;
};

struct made {
    struct scratch scratch;
    struct pile choices, options, ways;
    struct pile row, fits, left, rows; /* of one row of splits: its ways, what fits them, what is left to letters, the rows of ways */
    bool *inner;           /* of an instruction: a split in the midst of a row */
};

static int by_letter(const void *one, const void *other)
{
    const struct fit *a = one, *b = other;
    if (a->one != b->one)
        return a->one < b->one ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

static void put_number(struct made *made, struct pile *pile, uint32_t number)
{
    uint32_t *item = put(&made->scratch, pile, sizeof *item);
    if (item)
        *item = number;
}

/* The ways of a row of splits, in the order in which they are tried. */
static void gather_ways(struct made *made, uint32_t at)
{
    const uint32_t *program = made->scratch.tables->program;
    made->row.count = 0;
    for (; program[at] >> 24 == OP_SPLIT; at += program[at] & 0xffffff) {
        made->inner[at] = true;
        put_number(made, &made->row, at + 1);
    }
    put_number(made, &made->row, at);
}

static void put_fit(struct made *made, uint32_t one, uint32_t order, uint32_t way)
{
    struct fit *fit = put(&made->scratch, &made->fits, sizeof *fit);
    if (fit)
        *fit = (struct fit){one, order, way};
}

/* With which letters each way can go on, in the order of the letters. */
static void gather_fits(struct made *made)
{
    const uint32_t *ways = made->row.items;
    uint32_t any_letter = made->scratch.tables->limit;
    made->fits.count = 0;
    for (uint32_t i = 0; i < made->row.count; i++) {
        bool any;
        if (!begins_of(&made->scratch, ways[i], &any))
            return;
        const letter *letters = made->scratch.letters.items;
        for (size_t j = 0; j < made->scratch.letters.count && !any; j++)
            put_fit(made, letters[j], i, ways[i]);
        if (any)
            put_fit(made, any_letter, i, ways[i]);
    }
    if (made->fits.count > 1)
        qsort(made->fits.items, made->fits.count, sizeof(struct fit), by_letter);
}

/* Whether the first instruction of a way takes a letter: then it takes each for which the way is left. */
static bool takes(const struct made *made, uint32_t way)
{
    uint32_t operation = made->scratch.tables->program[way] >> 24;
    return operation == OP_ONE || operation == OP_SET;
}

static bool is_row(const struct made *made, uint32_t first, uint32_t other, uint32_t count)
{
    const uint32_t *ways = made->ways.items;
    return !memcmp(ways + first, ways + other, count * sizeof *ways);
}

/* Where the row of ways stands that was put down last: it is left out if the choice has one that is the same. */
static uint32_t kept_row(struct made *made, uint32_t first)
{
    const uint32_t *rows = made->rows.items;
    uint32_t count = (uint32_t)made->ways.count - first;
    for (size_t i = made->rows.count; i--;)
        if (rows[i] + count <= first && is_row(made, rows[i], first, count)) {
            made->ways.count = first;
            return rows[i];
        }
    put_number(made, &made->rows, first);
    return first;
}

/* The ways for one letter, fits[from] up to before fits[to], merged with those for any letter; gives where they begin, or NONE. */
static uint32_t put_ways(struct made *made, size_t from, size_t to, size_t any)
{
    const struct fit *fits = made->fits.items;
    uint32_t first = (uint32_t)made->ways.count;
    while (from < to || any < made->fits.count) {
        bool next_is_any = from == to || (any < made->fits.count && fits[any].order < fits[from].order);
        uint32_t way = fits[next_is_any ? any++ : from++].way;
        put_number(made, &made->ways, way | (takes(made, way) ? WAY_TAKES : 0));
    }
    if (made->ways.count == first || made->scratch.failed)
        return NONE;
    ((uint32_t *)made->ways.items)[made->ways.count - 1] |= LAST;
    return kept_row(made, first);
}

/* How far ahead of a choice the one way is for one letter, fits[from] up to before fits[to]; NONE when there are several, or it is far. */
static uint32_t near_way(const struct made *made, uint32_t at, size_t from, size_t to, size_t any)
{
    const struct fit *fits = made->fits.items;
    if (to - from != 1 || any < made->fits.count || fits[from].way - at > NEAR_WAY)
        return NONE;
    return (fits[from].way - at) | (takes(made, fits[from].way) ? OPTION_TAKES : 0);
}

/* What the choice leaves to each letter; gives where the ways for all others begin, or NONE. */
static uint32_t put_left(struct made *made, uint32_t at, uint32_t base)
{
    const struct fit *fits = made->fits.items;
    size_t any = made->fits.count, from = 0;
    while (any && fits[any - 1].one == made->scratch.tables->limit)
        any--;
    while (from < any && !made->scratch.failed) {
        size_t to = from;
        while (to < any && fits[to].one == fits[from].one)
            to++;
        uint32_t ways = near_way(made, at, from, to, any);
        struct left *left = put(&made->scratch, &made->left, sizeof *left);
        if (left)
            *left = (struct left){(letter)fits[from].one, ways == NONE ? (put_ways(made, from, to, any) - base) | SEVERAL : ways};
        from = to;
    }
    return put_ways(made, any, any, any);
}

/* Writes the choice down, with places for the letters of which a third stay free. */
static void put_options(struct made *made, uint32_t base, uint32_t others)
{
    const struct left *left = made->left.items;
    uint32_t room = 1;
    while (2 * room < 3 * made->left.count + 1)
        room *= 2;
    struct choice *choice = put(&made->scratch, &made->choices, sizeof *choice);
    if (!choice || !room_for(&made->scratch, &made->options, sizeof(uint32_t), room))
        return;
    *choice = (struct choice){(uint32_t)made->options.count, room - 1, base, others};
    uint32_t *places = (uint32_t *)made->options.items + made->options.count;
    memset(places, 0xff, room * sizeof *places);
    for (size_t i = 0; i < made->left.count; i++) {
        uint32_t place = place_of(left[i].one, room - 1);
        while (places[place] != NONE)
            place = (place + 1) & (room - 1);
        places[place] = (uint32_t)left[i].one << 16 | left[i].ways;
    }
    made->options.count += room;
}

/* A choice, for the first of a row of splits; one that would need very many ways stays what it is. */
static void put_choice(struct made *made, struct pile *heads, uint32_t at)
{
    uint32_t base = (uint32_t)made->ways.count;
    made->left.count = made->rows.count = 0;
    uint32_t others = put_left(made, at, base);
    if (made->ways.count - base >= SEVERAL)
        return;
    put_number(made, heads, at);
    put_options(made, base, others);
}

/* Makes a choice of each long row of splits; gives in `heads` the first split of each. */
static bool make_choices(struct made *made, struct pile *heads)
{
    const struct tables *tables = made->scratch.tables;
    for (uint32_t at = 0; at < tables->program_count && !made->scratch.failed; at++) {
        if (tables->program[at] >> 24 != OP_SPLIT || made->inner[at])
            continue;
        gather_ways(made, at);
        if (made->row.count < LONG)
            continue;
        gather_fits(made);
        put_choice(made, heads, at);
    }
    return !made->scratch.failed && made->choices.count < 1 << 24;
}

/* Tells each group that begins with a choice so, unless that leaves anything to any letter. */
static void add_first(struct tables *tables)
{
    for (int i = 0; i < INDEXES; i++)
        for (uint32_t j = 0; j < tables->indexes[i].count; j++) {
            struct group *group = &tables->indexes[i].groups[j];
            uint32_t at = group->entry;
            while (tables->program[at] >> 24 == OP_CALL)
                at = tables->program[at] & 0xffffff;
            bool chooses = tables->program[at] >> 24 == OP_CHOICE && tables->choices[tables->program[at] & 0xffffff].others == NONE;
            group->choice = chooses ? tables->program[at] & 0xffffff : NONE;
        }
}

bool add_choices(struct tables *tables)
{
    struct made made = {.scratch = {.tables = tables}};
    struct pile heads = {NULL, 0, 0};
    made.inner = calloc(tables->program_count + 1, sizeof *made.inner);
    made.scratch.letter_seen = calloc(tables->limit + 1, sizeof(uint32_t));
    bool done = made.inner && made.scratch.letter_seen && make_choices(&made, &heads);
    const uint32_t *head = heads.items;
    for (size_t i = 0; i < heads.count && done; i++)
        tables->program[head[i]] = (uint32_t)OP_CHOICE << 24 | (uint32_t)i;
    tables->choices = made.choices.items;
    tables->choices_count = (uint32_t)made.choices.count;
    tables->options = made.options.items;
    tables->options_count = (uint32_t)made.options.count;
    tables->ways = made.ways.items;
    tables->ways_count = (uint32_t)made.ways.count;
    if (done)
        add_first(tables);
    free(made.left.items);
    free(made.rows.items);
    free(made.row.items);
    free(made.fits.items);
    free(made.inner);
    free(heads.items);
    free(made.scratch.letter_seen);
    empty_scratch(&made.scratch);
    return done;
}
