/* The letters with which the patterns of each group begin: a match is tried from these letters alone. They are worked out once, when
 * the tables are made, and become sets like the others. */
#include <stdlib.h>
#include <string.h>

#include "reader.h"

struct made {
    struct scratch scratch;
    struct pile sets, letters; /* the new sets, and what they hold */
    struct pile table;         /* uint32_t: numbers of the new sets by what they hold; NONE: free */
};

static int ascending(const void *one, const void *other)
{
    letter a = *(const letter *)one, b = *(const letter *)other;
    return (a > b) - (a < b);
}

static uint64_t mixed(const letter *letters, size_t count)
{
    uint64_t sum = count;
    for (size_t i = 0; i < count; i++)
        sum = (sum ^ letters[i]) * UINT64_C(0x9e3779b97f4a7c15) + (sum >> 31);
    return sum ^ sum >> 29;
}

static bool add_set(struct made *made, const letter *letters, uint32_t count)
{
    struct set *set = put(&made->scratch, &made->sets, sizeof *set);
    if (!set)
        return false;
    *set = (struct set){(uint32_t)made->letters.count, count};
    for (uint32_t i = 0; i < count; i++) {
        letter *one = put(&made->scratch, &made->letters, sizeof *one);
        if (!one)
            return false;
        *one = letters[i];
    }
    return true;
}

/* The number of the new set of these letters; the table has room for twice as many as there are groups. */
static uint32_t number_of(struct made *made, const letter *letters, uint32_t count)
{
    uint32_t *table = made->table.items, *slot;
    size_t i = (size_t)mixed(letters, count) % made->table.room;
    for (; *(slot = &table[i]) != NONE; i = (i + 1) % made->table.room) {
        const struct set *set = (const struct set *)made->sets.items + *slot;
        if (set->count == count && !memcmp((const letter *)made->letters.items + set->first, letters, count * sizeof *letters))
            return *slot;
    }
    *slot = (uint32_t)made->sets.count;
    return add_set(made, letters, count) ? *slot : NONE;
}

static bool begin_group(struct made *made, struct group *group)
{
    bool any;
    if (!begins_of(&made->scratch, group->entry, &any))
        return false;
    letter *letters = made->scratch.letters.items;
    uint32_t count = (uint32_t)made->scratch.letters.count;
    group->begins = NONE;
    group->hint = any ? UINT64_MAX : 0;
    if (any)
        return true;
    for (uint32_t i = 0; i < count; i++)
        group->hint |= hint_of(letters[i]);
    if (count > 1)
        qsort(letters, count, sizeof *letters, ascending);
    group->begins = number_of(made, letters, count) + made->scratch.tables->sets_count;
    return !made->scratch.failed;
}

static void *longer(void *items, size_t count, const struct pile *more, size_t size)
{
    void *all = realloc(items, (count + more->count + 1) * size);
    if (all && more->count)
        memcpy((char *)all + count * size, more->items, more->count * size);
    return all;
}

/* Adds the new sets to those of the tables. */
static bool keep(struct made *made, struct tables *tables)
{
    struct set *sets = longer(tables->sets, tables->sets_count, &made->sets, sizeof *sets);
    tables->sets = sets ? sets : tables->sets;
    letter *letters = longer(tables->letters, tables->letters_count, &made->letters, sizeof *letters);
    tables->letters = letters ? letters : tables->letters;
    if (!sets || !letters)
        return false;
    for (size_t i = 0; i < made->sets.count; i++)
        sets[tables->sets_count + i].first += tables->letters_count;
    tables->sets_count += (uint32_t)made->sets.count;
    tables->letters_count += (uint32_t)made->letters.count;
    return true;
}

bool add_beginnings(struct tables *tables)
{
    size_t groups = 1;
    for (int i = 0; i < INDEXES; i++)
        groups += tables->indexes[i].count;
    struct made made = {.scratch = {.tables = tables}};
    made.table = (struct pile){malloc(2 * groups * sizeof(uint32_t)), 0, 2 * groups};
    made.scratch.letter_seen = calloc(tables->limit + 1, sizeof(uint32_t));
    bool done = made.table.items && made.scratch.letter_seen;
    if (done)
        memset(made.table.items, 0xff, made.table.room * sizeof(uint32_t));
    for (int i = 0; i < INDEXES; i++)
        for (uint32_t j = 0; done && j < tables->indexes[i].count; j++)
            done = begin_group(&made, &tables->indexes[i].groups[j]);
    done = done && keep(&made, tables);
    free(made.sets.items);
    free(made.letters.items);
    free(made.table.items);
    free(made.scratch.letter_seen);
    empty_scratch(&made.scratch);
    return done;
}
