/* Members: the letters of each set that the matcher asks of, so that one look tells whether it holds a letter. What is asked of a set
 * lies side by side: of the many sets, few are asked again and again. The number of a set becomes the place where it stands. */
#include <stdlib.h>
#include <string.h>

#include "reader.h"

#define MOST (UINT32_C(1) << 24) /* numbers that an instruction can tell apart */

/* The sets of a group, in order; NULL behind the last. */
static uint32_t *set_of(struct group *group, int which)
{
    return which == 0 ? &group->begins : which <= BESIDE ? &group->beside[which - 1].set : NULL;
}

/* Of each set whether it is asked of: 0, or NONE. */
static uint32_t *sets_asked(const struct tables *tables)
{
    uint32_t *numbers = malloc((tables->sets_count + 1) * sizeof *numbers), *set;
    if (!numbers)
        return NULL;
    memset(numbers, 0xff, (tables->sets_count + 1) * sizeof *numbers);
    for (uint32_t i = 0; i < tables->program_count; i++)
        if (tables->program[i] >> 24 == OP_SET)
            numbers[tables->program[i] & 0xffffff] = 0;
    for (int i = 0; i < INDEXES; i++)
        for (uint32_t j = 0; j < tables->indexes[i].count; j++)
            for (int k = 0; (set = set_of(&tables->indexes[i].groups[j], k)); k++)
                if (*set != NONE)
                    numbers[*set] = 0;
    for (int i = 0; i < NAMED_SETS; i++)
        numbers[tables->named[i]] = 0;
    return numbers;
}

/* Puts the new numbers in the place of the old. */
static void renumber(struct tables *tables, const uint32_t *numbers)
{
    uint32_t *set;
    for (uint32_t i = 0; i < tables->program_count; i++)
        if (tables->program[i] >> 24 == OP_SET)
            tables->program[i] = (uint32_t)OP_SET << 24 | numbers[tables->program[i] & 0xffffff];
    for (int i = 0; i < INDEXES; i++)
        for (uint32_t j = 0; j < tables->indexes[i].count; j++)
            for (int k = 0; (set = set_of(&tables->indexes[i].groups[j], k)); k++)
                if (*set != NONE)
                    *set = numbers[*set];
    for (int i = 0; i < NAMED_SETS; i++)
        tables->named[i] = numbers[tables->named[i]];
}

/* Whether these letters find room, four to a place. */
static bool fill(uint64_t *places, uint32_t mask, const letter *letters, uint32_t count)
{
    memset(places, 0xff, (mask + 1) * sizeof *places);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t *place = &places[place_of(letters[i], mask)];
        if (*place >> 48 != FREE)
            return false;
        *place = *place << 16 | letters[i];
    }
    return true;
}

/* A set with as few places as will do, at the end of the pile; gives its number, or NONE. */
static uint32_t add_set(struct scratch *scratch, struct pile *pile, const letter *letters, uint32_t count)
{
    uint32_t first = (uint32_t)pile->count;
    for (uint32_t room = 1; first < MOST && room_for(scratch, pile, sizeof(uint64_t), 1 + (size_t)room); room *= 2) {
        uint64_t *head = (uint64_t *)pile->items + first;
        if (2 * room < count / 2 || !fill(head + 1, room - 1, letters, count))
            continue;
        *head = room - 1;
        pile->count += 1 + (size_t)room;
        return first;
    }
    return NONE;
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
            known->marks |= tables->says[one].of[i].count ? IS_SINGLE(i) : 0;
            known->marks |= known->led[i].count ? LEADS(i) : 0;
        }
    }
}

bool add_members(struct tables *tables)
{
    struct scratch scratch = {.tables = tables};
    struct pile places = {NULL, 0, 0};
    uint32_t *numbers = sets_asked(tables);
    bool done = numbers;
    for (uint32_t i = 0; i < tables->sets_count && done; i++)
        if (!numbers[i]) {
            numbers[i] = add_set(&scratch, &places, tables->letters + tables->sets[i].first, tables->sets[i].count);
            done = numbers[i] != NONE;
        }
    tables->members = places.items;
    tables->members_count = (uint32_t)places.count;
    if (done) {
        renumber(tables, numbers);
        add_marks(tables);
    }
    free(numbers);
    return done;
}
