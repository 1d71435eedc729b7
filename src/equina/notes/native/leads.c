/* What stands under each letter: the groups it leads, the sets it helps to have, and marks for what is asked most often. */
#include <stdlib.h>

#include "reader.h"

static void count_letters(const struct tables *tables, uint32_t set, uint32_t *counts)
{
    for (uint32_t i = 0; i < tables->sets[set].count; i++)
        counts[tables->letters[tables->sets[set].first + i]]++;
}

/* Gives each set that is looked for besides a group's rarest a number from 1 on. */
static void number_wanted(struct tables *tables, uint32_t *numbers)
{
    for (int i = 0; i < INDEXES; i++)
        for (uint32_t j = 0; j < tables->indexes[i].count; j++)
            for (int k = 1; k <= WANTS; k++) {
                uint32_t set = tables->indexes[i].needs[j].sets[k];
                if (set != NONE && !numbers[set])
                    numbers[set] = ++tables->wanted_count;
            }
}

/* Where the numbers of each letter are to stand; `counts` tells how many there are. */
static bool place_wanted(struct tables *tables, const uint32_t *counts)
{
    uint32_t words = words_of(tables->wanted_count), listed = 0, bits = 0;
    for (uint32_t one = 0; one < tables->limit; one++) {
        bool many = counts[one] > words;
        tables->known[one].wants = (struct some){many ? bits : listed, many ? MANY : 0};
        bits += many ? words : 0;
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

static bool add_wanted(struct tables *tables, const uint32_t *numbers)
{
    uint32_t *counts = calloc((size_t)tables->limit + 1, sizeof *counts);
    for (uint32_t set = 0; set < tables->sets_count && counts; set++)
        if (numbers[set])
            count_letters(tables, set, counts);
    bool done = counts && place_wanted(tables, counts);
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
        uint32_t set = index->needs[group].sets[1 + i];
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
        count_letters(tables, index->needs[i].sets[0], counts);
    for (uint32_t one = 0; one < tables->limit && counts; one++) {
        tables->known[one].led[which] = (struct some){total, 0};
        total += counts[one];
    }
    index->led = counts ? malloc((total + 1) * sizeof *index->led) : NULL;
    for (uint32_t i = 0; i < index->count && index->led; i++) {
        const struct set *set = &tables->sets[index->needs[i].sets[0]];
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
    bool done = numbers;
    if (done) {
        number_wanted(tables, numbers);
        done = tables->wanted_count < UINT16_MAX && add_wanted(tables, numbers);
    }
    for (int i = 0; i < INDEXES && done; i++)
        done = add_led(tables, i, numbers);
    free(numbers);
    return done;
}
