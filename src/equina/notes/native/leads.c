/* What stands under each letter: the groups it leads, the sets it helps to have, and marks for what is asked most often. */
#include <stdlib.h>

#include "reader.h"

#define FREQUENT 40 /* wanted sets of a letter from which on their bits are looked at, not their numbers: that is quicker */

static void count_letters(const struct tables *tables, uint32_t set, uint32_t *counts)
{
    for (uint32_t i = 0; i < tables->sets[set].count; i++)
        counts[tables->letters[tables->sets[set].first + i]]++;
}

/* Marks each set that is looked for besides a group's rarest, and counts of how many of them each letter is. */
static void count_wanted(const struct tables *tables, uint32_t *numbers, uint32_t *counts)
{
    for (int i = 0; i < INDEXES; i++)
        for (uint32_t j = 0; j < tables->indexes[i].count; j++)
            for (int k = 1; k <= WANTS; k++) {
                uint32_t set = tables->indexes[i].needs[j].of[k].set;
                if (set != NONE && !numbers[set]) {
                    numbers[set] = NONE;
                    count_letters(tables, set, counts);
                }
            }
}

static bool holds_frequent(const struct tables *tables, uint32_t set, const uint32_t *counts)
{
    for (uint32_t i = 0; i < tables->sets[set].count; i++)
        if (counts[tables->letters[tables->sets[set].first + i]] >= FREQUENT)
            return true;
    return false;
}

/* Gives these sets numbers from 1 on: first those with letters that are of many, so that the bits of such letters are few. */
static void number_wanted(struct tables *tables, uint32_t *numbers, const uint32_t *counts)
{
    for (int frequent = 1; frequent >= 0; frequent--) {
        for (uint32_t set = 0; set < tables->sets_count; set++)
            if (numbers[set] == NONE && (!frequent || holds_frequent(tables, set, counts)))
                numbers[set] = ++tables->wanted_count;
        if (frequent)
            tables->many_count = words_of(tables->wanted_count);
    }
}

/* Where the numbers of each letter are to stand; `counts` tells how many there are. */
static bool place_wanted(struct tables *tables, const uint32_t *counts)
{
    uint32_t listed = 0, bits = 0;
    for (uint32_t one = 0; one < tables->limit; one++) {
        bool many = counts[one] >= FREQUENT;
        tables->known[one].wants = (struct some){many ? bits : listed, many ? MANY : 0};
        bits += many ? tables->many_count : 0;
        listed += many ? 0 : counts[one];
    }
    tables->wanted = malloc((listed + 1) * sizeof *tables->wanted);
    tables->wanted_bits = calloc(bits + 1, sizeof *tables->wanted_bits);
    return tables->wanted && tables->wanted_bits;
}

static void put_wanted(const struct tables *tables, letter one, uint32_t number)
{
    struct some *wants = &tables->known[one].wants;
    if (wants->count == MANY)
        tables->wanted_bits[wants->first + number / 64] |= UINT64_C(1) << number % 64;
    else
        tables->wanted[wants->first + wants->count++] = (uint16_t)number;
}

static bool add_wanted(struct tables *tables, uint32_t *numbers)
{
    uint32_t *counts = calloc((size_t)tables->limit + 1, sizeof *counts);
    if (!counts)
        return false;
    count_wanted(tables, numbers, counts);
    number_wanted(tables, numbers, counts);
    bool done = tables->wanted_count < UINT16_MAX && place_wanted(tables, counts);
    for (uint32_t set = 0; set < tables->sets_count && done; set++)
        for (uint32_t i = 0; numbers[set] && i < tables->sets[set].count; i++)
            put_wanted(tables, tables->letters[tables->sets[set].first + i], numbers[set]);
    free(counts);
    return done;
}

static struct lead lead_of(const struct index *index, uint32_t group, const uint32_t *numbers)
{
    struct lead lead = {.group = group};
    for (int i = 0; i < WANTS; i++) {
        uint32_t set = index->needs[group].of[1 + i].set;
        lead.wants[i] = set == NONE ? 0 : (uint16_t)numbers[set];
    }
    return lead;
}

/* Under each letter the groups whose rarest set holds it, in their order. */
static bool add_led(struct tables *tables, int which, const uint32_t *numbers)
{
    struct index *index = &tables->indexes[which];
    uint32_t *counts = calloc((size_t)tables->limit + 1, sizeof *counts), total = 0;
    for (uint32_t i = 0; i < index->count && counts; i++)
        count_letters(tables, index->needs[i].of[0].set, counts);
    for (uint32_t one = 0; one < tables->limit && counts; one++) {
        tables->known[one].led[which] = (struct some){total, 0};
        total += counts[one];
    }
    index->led = counts ? malloc((total + 1) * sizeof *index->led) : NULL;
    for (uint32_t i = 0; i < index->count && index->led; i++) {
        const struct set *set = &tables->sets[index->needs[i].of[0].set];
        for (uint32_t j = 0; j < set->count; j++) {
            struct some *led = &tables->known[tables->letters[set->first + j]].led[which];
            index->led[led->first + led->count++] = lead_of(index, i, numbers);
        }
    }
    free(counts);
    return index->led;
}

bool add_leads(struct tables *tables)
{
    uint32_t *numbers = calloc(tables->sets_count + 1, sizeof *numbers);
    bool done = numbers && add_wanted(tables, numbers);
    for (int i = 0; i < INDEXES && done; i++)
        done = add_led(tables, i, numbers);
    free(numbers);
    return done;
}
