/* Members: of which sets each letter is. The sets that the matcher asks of get numbers anew, so that these are small. */
#include <stdlib.h>
#include <string.h>

#include "reader.h"

/* A number for each set that is asked of, from 0 on; NONE for the others. */
static uint32_t *number_sets(const struct tables *tables, uint32_t *count)
{
    uint32_t *numbers = malloc((tables->sets_count + 1) * sizeof *numbers);
    if (!numbers)
        return NULL;
    memset(numbers, 0xff, (tables->sets_count + 1) * sizeof *numbers);
    for (uint32_t i = 0; i < tables->program_count; i++)
        if (tables->program[i] >> 24 == OP_SET)
            numbers[tables->program[i] & 0xffffff] = 0;
    for (int i = 0; i < INDEXES; i++)
        for (uint32_t j = 0; j < tables->indexes[i].count; j++)
            if (tables->indexes[i].groups[j].begins != NONE)
                numbers[tables->indexes[i].groups[j].begins] = 0;
    for (int i = 0; i < NAMED_SETS; i++)
        numbers[tables->named[i]] = 0;
    *count = 0;
    for (uint32_t i = 0; i < tables->sets_count; i++)
        if (!numbers[i])
            numbers[i] = (*count)++;
    return numbers;
}

/* Puts the new numbers in the place of the old. */
static void renumber(struct tables *tables, const uint32_t *numbers)
{
    for (uint32_t i = 0; i < tables->program_count; i++)
        if (tables->program[i] >> 24 == OP_SET)
            tables->program[i] = (uint32_t)OP_SET << 24 | numbers[tables->program[i] & 0xffffff];
    for (int i = 0; i < INDEXES; i++)
        for (uint32_t j = 0; j < tables->indexes[i].count; j++)
            if (tables->indexes[i].groups[j].begins != NONE)
                tables->indexes[i].groups[j].begins = numbers[tables->indexes[i].groups[j].begins];
    for (int i = 0; i < NAMED_SETS; i++)
        tables->named[i] = numbers[tables->named[i]];
}

struct keyed keyed_of(uint32_t count, uint32_t *total)
{
    uint32_t room = 1;
    while (2 * room < 3 * count + 1) /* a third stays free, one place at least */
        room *= 2;
    struct keyed keyed = {*total, room - 1};
    *total += room;
    return keyed;
}

/* The sets that hold each letter, one letter after the other; where those of a letter begin `start` tells. */
static uint16_t *by_letter(const struct tables *tables, const uint32_t *numbers, uint32_t *start)
{
    for (uint32_t i = 0; i < tables->sets_count; i++)
        for (uint32_t j = 0; j < tables->sets[i].count && numbers[i] != NONE; j++)
            start[tables->letters[tables->sets[i].first + j] + 1]++;
    for (uint32_t one = 0; one < tables->limit; one++)
        start[one + 1] += start[one];
    start[0] = start[tables->limit]; /* how many there are */
    uint16_t *all = malloc((start[0] + 1) * sizeof *all);
    for (uint32_t i = tables->sets_count; i-- && all;)
        for (uint32_t j = 0; j < tables->sets[i].count && numbers[i] != NONE; j++)
            all[--start[tables->letters[tables->sets[i].first + j] + 1]] = (uint16_t)numbers[i];
    return all; /* those of a letter now begin at start[letter + 1] */
}

/* Whether these numbers find room, four to a place. */
static bool fill(uint64_t *places, uint32_t mask, const uint16_t *sets, uint32_t count)
{
    memset(places, 0xff, (mask + 1) * sizeof *places);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t *place = &places[place_of(sets[i], mask)];
        if (*place >> 48 != FREE)
            return false;
        *place = *place << 16 | sets[i];
    }
    return true;
}

/* The places of one letter: as few as will do, at the end of the pile. */
static bool add_places(struct scratch *scratch, struct pile *pile, struct keyed *keyed, const uint16_t *sets, uint32_t count)
{
    uint32_t room = 1;
    for (keyed->first = (uint32_t)pile->count; !scratch->failed; room *= 2) {
        while (pile->count < keyed->first + room)
            if (!put(scratch, pile, sizeof(uint64_t)))
                return false;
        keyed->mask = room - 1;
        if (2 * room >= count / 2 && fill((uint64_t *)pile->items + keyed->first, keyed->mask, sets, count))
            return true;
    }
    return false;
}

/* Marks of each letter, as soon as it can be asked what holds it. */
static void add_marks(struct tables *tables)
{
    for (uint32_t one = 0; one < tables->limit; one++) {
        struct known *known = &tables->known[one];
        for (int i = 0; i < NAMED_SETS; i++)
            if (holds(tables, tables->named[i], (letter)one))
                known->marks |= IN_SET(i);
        for (int i = 0; i < INDEXES; i++) {
            known->marks |= known->single[i].count ? IS_SINGLE(i) : 0;
            known->marks |= known->led[i].count ? LEADS(i) : 0;
        }
    }
}

bool add_members(struct tables *tables)
{
    struct scratch scratch = {.tables = tables};
    struct pile places = {NULL, 0, 0};
    uint32_t count = 0, *numbers = number_sets(tables, &count), *start = calloc((size_t)tables->limit + 2, sizeof *start);
    uint16_t *sets = numbers && start && count < FREE ? by_letter(tables, numbers, start) : NULL;
    bool done = sets;
    for (uint32_t one = 0; one < tables->limit && done; one++) {
        uint32_t first = start[one + 1], last = one + 1 < tables->limit ? start[one + 2] : start[0];
        done = add_places(&scratch, &places, &tables->known[one].members, sets + first, last - first);
    }
    tables->members = places.items;
    if (done) {
        renumber(tables, numbers);
        add_marks(tables);
    }
    free(numbers);
    free(start);
    free(sets);
    return done;
}
