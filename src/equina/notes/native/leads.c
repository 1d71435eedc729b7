/* What stands under each letter: the groups it leads, the sets it helps to have, and marks for what is asked most often. */
#include <stdlib.h>
#include <string.h>

#include "reader.h"

static void count_letters(const struct tables *tables, uint32_t set, uint32_t *counts)
{
    for (uint32_t i = 0; i < tables->sets[set].count; i++)
        counts[tables->letters[tables->sets[set].first + i]]++;
}

/* ---- classes of wanted sets ---- */

/* A set that is wanted, while classes are made. */
struct wish {
    uint32_t set, leads;        /* leads: how often it is asked of, a measure of what it costs to find more */
    const uint16_t *ranks;      /* of its letters, sorted: the one that is in most wanted sets has the lowest */
    uint32_t count;
};

struct wishes {
    struct wish *all;
    uint32_t count;
    uint32_t *counts; /* of each letter: in how many of them it is */
    uint16_t *ranks;  /* the ranks of all, end to end */
};

struct ranked {
    uint32_t count;
    letter letter;
};

static int by_count(const void *one, const void *other)
{
    const struct ranked *a = one, *b = other;
    return a->count != b->count ? (a->count < b->count) - (a->count > b->count) : (a->letter > b->letter) - (a->letter < b->letter);
}

static int by_number(const void *one, const void *other)
{
    uint16_t a = *(const uint16_t *)one, b = *(const uint16_t *)other;
    return (a > b) - (a < b);
}

/* Sets with the same frequent letters come to stand side by side. */
static int by_ranks(const void *one, const void *other)
{
    const struct wish *a = one, *b = other;
    for (uint32_t i = 0; i < a->count && i < b->count; i++)
        if (a->ranks[i] != b->ranks[i])
            return a->ranks[i] < b->ranks[i] ? -1 : 1;
    return (a->count > b->count) - (a->count < b->count);
}

static uint32_t root_of(uint32_t number)
{
    uint32_t root = 1;
    while ((root + 1) * (root + 1) <= number)
        root++;
    return root;
}

/* The sets that are looked for besides a group's rarest; of each letter, in how many of them it is. */
static bool gather(const struct tables *tables, struct wishes *wishes)
{
    uint32_t *leads = calloc(tables->sets_count + 1, sizeof *leads);
    wishes->counts = calloc((size_t)tables->limit + 1, sizeof *wishes->counts);
    wishes->all = calloc(tables->sets_count + 1, sizeof *wishes->all);
    for (int i = 0; i < INDEXES && leads; i++)
        for (uint32_t j = 0; j < tables->indexes[i].count; j++)
            for (int k = 1; k <= WANTS; k++) {
                const struct need *of = tables->indexes[i].needs[j].of;
                if (of[k].set != NONE)
                    leads[of[k].set] += tables->sets[of[0].set].count;
            }
    bool done = leads && wishes->counts && wishes->all;
    for (uint32_t set = 0; set < tables->sets_count && done; set++)
        if (leads[set]) {
            wishes->all[wishes->count++] = (struct wish){.set = set, .leads = leads[set], .count = tables->sets[set].count};
            count_letters(tables, set, wishes->counts);
        }
    free(leads);
    return done;
}

/* Sorts the letters of each set by how frequent they are, then the sets by these. */
static bool rank(const struct tables *tables, struct wishes *wishes)
{
    struct ranked *letters = calloc((size_t)tables->limit + 1, sizeof *letters);
    uint16_t *ranks = calloc((size_t)tables->limit + 1, sizeof *ranks), *next;
    size_t total = 0;
    for (uint32_t i = 0; i < wishes->count; i++)
        total += wishes->all[i].count;
    next = wishes->ranks = malloc((total + 1) * sizeof *wishes->ranks);
    bool done = letters && ranks && next;
    for (uint32_t one = 0; one < tables->limit && done; one++)
        letters[one] = (struct ranked){wishes->counts[one], (letter)one};
    if (done)
        qsort(letters, tables->limit, sizeof *letters, by_count);
    for (uint32_t i = 0; i < tables->limit && done; i++)
        ranks[letters[i].letter] = (uint16_t)i;
    for (uint32_t i = 0; i < wishes->count && done; i++) {
        struct wish *wish = &wishes->all[i];
        wish->ranks = next;
        for (uint32_t j = 0; j < wish->count; j++)
            next[j] = ranks[tables->letters[tables->sets[wish->set].first + j]];
        qsort(next, wish->count, sizeof *next, by_number);
        next += wish->count;
    }
    if (done && wishes->count)
        qsort(wishes->all, wishes->count, sizeof *wishes->all, by_ranks);
    free(letters);
    free(ranks);
    return done;
}

/* Gives each wanted set the number of its class, from 1 on: those side by side, as many as weigh together what a class may. */
static void number_classes(const struct wishes *wishes, uint32_t *numbers)
{
    uint64_t total = 0, before = 0;
    for (uint32_t i = 0; i < wishes->count; i++)
        total += root_of(wishes->all[i].leads);
    for (uint32_t i = 0; i < wishes->count; i++) {
        numbers[wishes->all[i].set] = 1 + (uint32_t)(before * (CLASSES - 1) / total);
        before += root_of(wishes->all[i].leads);
    }
}

/* ---- of which classes each letter is ---- */

/* Where the bits of each letter stand; `counts` tells whether it has any. Those that have none share the first row. */
static bool place_wanted(struct tables *tables, const uint32_t *counts)
{
    uint32_t used = CLASS_WORDS;
    for (uint32_t one = 0; one < tables->limit; one++) {
        tables->known[one].wants = counts[one] ? used : 0;
        used += counts[one] ? CLASS_WORDS : 0;
    }
    tables->wanted_words = used;
    tables->wanted = calloc(used, sizeof *tables->wanted);
    for (uint32_t first = 0; first < used && tables->wanted; first += CLASS_WORDS)
        tables->wanted[first] = 1;
    return tables->wanted;
}

static bool add_wanted(struct tables *tables, uint32_t *numbers)
{
    struct wishes wishes = {NULL, 0, NULL, NULL};
    bool done = gather(tables, &wishes) && rank(tables, &wishes);
    if (done) {
        number_classes(&wishes, numbers);
        done = place_wanted(tables, wishes.counts);
    }
    for (uint32_t set = 0; set < tables->sets_count && done; set++)
        for (uint32_t i = 0; numbers[set] && i < tables->sets[set].count; i++) {
            letter one = tables->letters[tables->sets[set].first + i];
            tables->wanted[tables->known[one].wants + numbers[set] / 64] |= UINT64_C(1) << numbers[set] % 64;
        }
    free(wishes.all);
    free(wishes.counts);
    free(wishes.ranks);
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

/* Tells each group of which class what stands beside its leading letter is: 0 where it has none. */
static void add_classes(struct group *group, const uint32_t *numbers)
{
    for (int i = 0; i < BESIDE; i++)
        if (group->beside[i].set != NONE)
            group->beside[i].wanted = (uint16_t)numbers[group->beside[i].set];
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
        add_classes(&index->groups[i], numbers);
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
