/* What stands under each letter: the groups it leads, the sets it helps to have, and marks for what is asked most often. */
#include <stdlib.h>

#include "reader.h"

/* Sums the counts of each letter, which stand one entry further on, to starts. */
static void sum(uint32_t *start, uint32_t limit)
{
    for (uint32_t one = 0; one < limit; one++)
        start[one + 1] += start[one];
}

static void count_letters(const struct tables *tables, uint32_t set, uint32_t *start)
{
    for (uint32_t i = 0; i < tables->sets[set].count; i++)
        start[tables->letters[tables->sets[set].first + i] + 1]++;
}

/* Gives each set that some group needs besides its rarest a number from 1 on. */
static void number_wanted(struct tables *tables, uint32_t *numbers)
{
    for (int i = 0; i < INDEXES; i++)
        for (uint32_t j = 0; j < tables->indexes[i].count; j++)
            for (int k = 1; k < NEEDS; k++) {
                uint32_t set = tables->indexes[i].groups[j].needs[k];
                if (set != NONE && !numbers[set])
                    numbers[set] = ++tables->wanted_count;
            }
}

static bool add_wanted(struct tables *tables, const uint32_t *numbers)
{
    tables->wanted_start = calloc((size_t)tables->limit + 1, sizeof *tables->wanted_start);
    uint32_t *next = malloc(tables->limit * sizeof *next);
    for (uint32_t set = 0; set < tables->sets_count && tables->wanted_start; set++)
        if (numbers[set])
            count_letters(tables, set, tables->wanted_start);
    if (tables->wanted_start)
        sum(tables->wanted_start, tables->limit);
    tables->wanted = tables->wanted_start ? malloc((tables->wanted_start[tables->limit] + 1) * sizeof *tables->wanted) : NULL;
    if (next && tables->wanted) {
        for (uint32_t one = 0; one < tables->limit; one++)
            next[one] = tables->wanted_start[one];
        for (uint32_t set = 0; set < tables->sets_count; set++)
            for (uint32_t i = 0; numbers[set] && i < tables->sets[set].count; i++)
                tables->wanted[next[tables->letters[tables->sets[set].first + i]]++] = (uint16_t)numbers[set];
    }
    bool done = next && tables->wanted;
    free(next);
    return done;
}

static struct lead lead_of(const struct index *index, uint32_t group, const uint32_t *numbers)
{
    struct lead lead = {.group = group};
    for (int i = 1; i < NEEDS; i++) {
        uint32_t set = index->groups[group].needs[i];
        lead.wants[i - 1] = set == NONE ? 0 : (uint16_t)numbers[set];
    }
    return lead;
}

/* Under each letter the groups whose rarest set holds it, in their order. */
static bool add_led(const struct tables *tables, struct index *index, const uint32_t *numbers)
{
    index->led_start = calloc((size_t)tables->limit + 1, sizeof *index->led_start);
    uint32_t *next = malloc(tables->limit * sizeof *next);
    for (uint32_t i = 0; i < index->count && index->led_start; i++)
        count_letters(tables, index->groups[i].needs[0], index->led_start);
    if (index->led_start)
        sum(index->led_start, tables->limit);
    index->led = index->led_start ? malloc((index->led_start[tables->limit] + 1) * sizeof *index->led) : NULL;
    if (next && index->led) {
        for (uint32_t one = 0; one < tables->limit; one++)
            next[one] = index->led_start[one];
        for (uint32_t i = 0; i < index->count; i++) {
            const struct set *set = &tables->sets[index->groups[i].needs[0]];
            for (uint32_t j = 0; j < set->count; j++)
                index->led[next[tables->letters[set->first + j]]++] = lead_of(index, i, numbers);
        }
    }
    bool done = next && index->led;
    free(next);
    return done;
}

static void add_marks(struct tables *tables)
{
    for (uint32_t one = 0; one < tables->limit; one++) {
        for (int i = 0; i < NAMED_SETS; i++)
            if (holds(tables, tables->named[i], (letter)one))
                tables->marks[one] |= IN_SET(i);
        for (int i = 0; i < INDEXES; i++) {
            const struct index *index = &tables->indexes[i];
            if (index->single.start[one] < index->single.start[one + 1])
                tables->marks[one] |= IS_SINGLE(i);
            if (index->led_start[one] < index->led_start[one + 1])
                tables->marks[one] |= LEADS(i);
        }
    }
}

bool add_leads(struct tables *tables)
{
    tables->marks = calloc(tables->limit + 1, sizeof *tables->marks);
    uint32_t *numbers = calloc(tables->sets_count + 1, sizeof *numbers);
    bool done = tables->marks && numbers;
    if (done) {
        number_wanted(tables, numbers);
        done = tables->wanted_count < UINT16_MAX && add_wanted(tables, numbers);
    }
    for (int i = 0; i < INDEXES && done; i++)
        done = add_led(tables, &tables->indexes[i], numbers);
    if (done)
        add_marks(tables);
    free(numbers);
    return done;
}
