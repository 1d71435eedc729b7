/* Members: the letters of each set that the matcher asks of, so that one look tells whether it holds a letter. What is asked of a set
 * lies side by side: of the many sets, few are asked again and again. The number of a set comes to tell where it stands. */
#include <stdlib.h>
#include <string.h>

#include "reader.h"

#define MOST (UINT32_C(1) << 24) /* numbers that an instruction can tell apart */
#define POWERS 24 /* sizes of a set */

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

/* As how many places will do for a set, as a power of two; POWERS: there is no memory for it. */
static uint32_t power_of(struct scratch *scratch, struct pile *trial, const letter *letters, uint32_t count)
{
    for (uint32_t power = 0; power < POWERS && room_for(scratch, trial, sizeof(uint64_t), (size_t)1 << power); power++)
        if (UINT32_C(4) << power >= count && fill(trial->items, (UINT32_C(1) << power) - 1, letters, count))
            return power;
    return POWERS;
}

/* How large each set that is asked of is to be, in the place of the 0 that says so; and of each size, how many places those take. */
static bool measure(const struct tables *tables, uint32_t *numbers, uint64_t *places)
{
    struct scratch scratch = {.tables = tables};
    struct pile trial = {NULL, 0, 0};
    bool done = true;
    for (uint32_t i = 0; i < tables->sets_count && done; i++)
        if (numbers[i] != NONE) {
            numbers[i] = power_of(&scratch, &trial, tables->letters + tables->sets[i].first, tables->sets[i].count);
            done = numbers[i] < POWERS;
            if (done)
                places[numbers[i]] += UINT64_C(1) << numbers[i];
        }
    free(trial.items);
    return done;
}

/* Lays the sets down, the largest first: so each begins at a multiple of its size. */
static bool lay(struct tables *tables, uint32_t *numbers, const uint64_t *places)
{
    uint64_t next[POWERS], total = 0;
    for (int power = POWERS; power--; total += places[power])
        next[power] = total;
    tables->members_count = (uint32_t)total;
    tables->members = 2 * total < MOST ? malloc((total + 1) * sizeof *tables->members) : NULL;
    for (uint32_t i = 0; i < tables->sets_count && tables->members; i++)
        if (numbers[i] != NONE) {
            uint32_t room = UINT32_C(1) << numbers[i], first = (uint32_t)next[numbers[i]];
            next[numbers[i]] += room;
            fill(tables->members + first, room - 1, tables->letters + tables->sets[i].first, tables->sets[i].count);
            numbers[i] = 2 * first + room;
        }
    return tables->members;
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
    uint32_t *numbers = sets_asked(tables);
    uint64_t places[POWERS] = {0};
    bool done = numbers && measure(tables, numbers, places) && lay(tables, numbers, places);
    if (done) {
        renumber(tables, numbers);
        add_marks(tables);
    }
    free(numbers);
    return done;
}
