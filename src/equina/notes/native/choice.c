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

/* Where the ways that a choice leaves to a letter begin. */
struct left {
    uint32_t choice, ways;
    letter one;
};

struct made {
    struct scratch scratch;
    struct pile left, others, ways;
    struct pile row, fits; /* of one row of splits: its ways, and what fits them */
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

/* The ways for one letter, fits[from] up to before fits[to], merged with those for any letter; gives where they begin, or NONE. */
static uint32_t put_ways(struct made *made, size_t from, size_t to, size_t any)
{
    const struct fit *fits = made->fits.items;
    uint32_t first = (uint32_t)made->ways.count;
    while (from < to || any < made->fits.count) {
        bool next_is_any = from == to || (any < made->fits.count && fits[any].order < fits[from].order);
        put_number(made, &made->ways, fits[next_is_any ? any++ : from++].way);
    }
    if (made->ways.count == first || made->scratch.failed)
        return NONE;
    ((uint32_t *)made->ways.items)[made->ways.count - 1] |= LAST;
    return first;
}

static void put_choice(struct made *made)
{
    const struct fit *fits = made->fits.items;
    uint32_t choice = (uint32_t)made->others.count;
    size_t any = made->fits.count, from = 0;
    while (any && fits[any - 1].one == made->scratch.tables->limit)
        any--;
    while (from < any && !made->scratch.failed) {
        size_t to = from;
        while (to < any && fits[to].one == fits[from].one)
            to++;
        struct left *left = put(&made->scratch, &made->left, sizeof *left);
        if (left)
            *left = (struct left){choice, put_ways(made, from, to, any), (letter)fits[from].one};
        from = to;
    }
    put_number(made, &made->others, put_ways(made, any, any, any)); /* for all other letters */
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
        put_choice(made);
        put_number(made, heads, at);
    }
    return !made->scratch.failed && made->others.count < 1 << 24;
}

/* Puts what is left to each letter under it. */
static bool keep_left(struct tables *tables, const struct pile *pile)
{
    const struct left *left = pile->items;
    uint32_t *counts = calloc(tables->limit + 1, sizeof *counts), total = 0;
    for (size_t i = 0; i < pile->count && counts; i++)
        counts[left[i].one]++;
    for (uint32_t one = 0; one < tables->limit && counts; one++)
        tables->known[one].options = keyed_of(counts[one], &total);
    tables->options = counts ? malloc((total + 1) * sizeof *tables->options) : NULL;
    free(counts);
    if (!tables->options)
        return false;
    memset(tables->options, 0xff, (total + 1) * sizeof *tables->options);
    for (size_t i = 0; i < pile->count; i++) {
        const struct keyed *keyed = &tables->known[left[i].one].options;
        uint32_t place = place_of(left[i].choice, keyed->mask);
        while (tables->options[keyed->first + place].choice != NONE)
            place = (place + 1) & keyed->mask;
        tables->options[keyed->first + place] = (struct option){left[i].choice, left[i].ways};
    }
    return true;
}

bool add_choices(struct tables *tables)
{
    struct made made = {.scratch = {.tables = tables}};
    struct pile heads = {NULL, 0, 0};
    made.inner = calloc(tables->program_count + 1, sizeof *made.inner);
    made.scratch.letter_seen = calloc(tables->limit + 1, sizeof(uint32_t));
    bool done = made.inner && made.scratch.letter_seen && make_choices(&made, &heads);
    for (uint32_t i = 0; i < heads.count && done; i++)
        tables->program[((const uint32_t *)heads.items)[i]] = (uint32_t)OP_CHOICE << 24 | i;
    done = done && keep_left(tables, &made.left);
    tables->others = made.others.items;
    tables->ways = made.ways.items;
    free(made.left.items);
    free(made.row.items);
    free(made.fits.items);
    free(made.inner);
    free(heads.items);
    empty_scratch(&made.scratch);
    return done;
}
