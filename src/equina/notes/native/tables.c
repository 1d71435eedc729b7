/* The tables of a lexicon, built from the row of numbers that tables.py makes of it. Every number is checked: a row that does not
 * fit makes no tables, and tables that were made hold no place outside themselves. */
#include <stdlib.h>

#include "reader.h"


/* What is left of the row. */
struct rest {
    const int32_t *next;
    int64_t count;
    bool bad;
};

static int32_t take(struct rest *rest)
{
    if (rest->count < 1) {
        rest->bad = true;
        return 0;
    }
    rest->count--;
    return *rest->next++;
}

/* A number from 0 up to below `limit`. */
static uint32_t take_below(struct rest *rest, int64_t limit)
{
    int32_t number = take(rest);
    if (number < 0 || number >= limit) {
        rest->bad = true;
        return 0;
    }
    return (uint32_t)number;
}

/* How many items follow, of so many numbers each. */
static uint32_t take_count(struct rest *rest, int64_t numbers)
{
    uint32_t count = take_below(rest, INT32_MAX);
    if ((int64_t)count * numbers > rest->count)
        rest->bad = true;
    return rest->bad ? 0 : count;
}

static void *some(struct rest *rest, size_t count, size_t size)
{
    void *items = calloc(count ? count : 1, size);
    if (!items)
        rest->bad = true;
    return items;
}

static struct known *nothing_known(struct rest *rest, uint32_t letters)
{
    struct known *known = aligned_alloc(LINE, (letters + 1) * sizeof *known);
    for (uint32_t i = 0; i < letters && known; i++)
        known[i] = (struct known){.marks = 0};
    rest->bad |= !known;
    return known;
}

static void take_letters(struct rest *rest, struct tables *tables)
{
    tables->sets_count = take_count(rest, 1);
    tables->sets = some(rest, tables->sets_count, sizeof *tables->sets);
    uint32_t total = 0;
    for (uint32_t i = 0; i < tables->sets_count && !rest->bad; i++) {
        struct set *set = &tables->sets[i];
        *set = (struct set){total, take_below(rest, tables->limit)};
        total += set->count;
        if (total > INT32_MAX / 2)
            rest->bad = true;
    }
    if (total > rest->count)
        rest->bad = true;
    if (rest->bad)
        return;
    tables->letters_count = total;
    tables->letters = some(rest, total, sizeof *tables->letters);
    for (uint32_t i = 0; i < tables->sets_count && !rest->bad; i++) {
        struct set *set = &tables->sets[i];
        for (uint32_t j = 0; j < set->count; j++) {
            letter one = (letter)take_below(rest, tables->limit);
            if (j && one <= tables->letters[set->first + j - 1])
                rest->bad = true;
            tables->letters[set->first + j] = one;
        }
    }
}

/* Whether an instruction leads to others of the program alone, and forward: then every pattern comes to an end. */
static bool sound(const struct tables *tables, uint32_t at)
{
    uint32_t what = tables->program[at] & 0xffffff, left = tables->program_count - 1 - at;
    switch (tables->program[at] >> 24) {
    case OP_ONE:
        return left && what < tables->limit;
    case OP_SET:
        return left && what < tables->sets_count;
    case OP_NUMBER:
        return left > 0;
    case OP_GAP:
        return left && what >> 8 <= 1;
    case OP_SPLIT:
    case OP_JUMP:
        return what >= 1 && what <= left;
    case OP_CALL: /* what stands before it calls nothing behind it */
        return left && what < at;
    case OP_RETURN:
        return true;
    default:
        return false;
    }
}

static void take_program(struct rest *rest, struct tables *tables)
{
    tables->program_count = take_count(rest, 1);
    tables->program = some(rest, tables->program_count, sizeof *tables->program);
    if (rest->bad)
        return;
    for (uint32_t i = 0; i < tables->program_count; i++)
        tables->program[i] = (uint32_t)take(rest);
    for (uint32_t i = 0; i < tables->program_count; i++)
        if (!sound(tables, i))
            rest->bad = true;
}

/* A list of findings, kept in tables->lists from `*used` on. */
static struct list take_list(struct rest *rest, struct tables *tables, uint32_t *used, uint32_t all)
{
    struct list list = {*used, take_count(rest, 1)};
    if (list.count > all - *used)
        rest->bad = true;
    for (uint32_t i = 0; i < list.count && !rest->bad; i++)
        tables->lists[(*used)++] = take_below(rest, tables->findings);
    return list;
}

static void take_finds(struct rest *rest, struct tables *tables)
{
    uint32_t all = take_below(rest, INT32_MAX), used = 0;
    if (all > rest->count)
        rest->bad = true;
    tables->finds_count = take_count(rest, 7);
    if (rest->bad)
        return;
    tables->lists = some(rest, all, sizeof *tables->lists);
    tables->finds = some(rest, tables->finds_count, sizeof *tables->finds);
    for (uint32_t i = 0; i < tables->finds_count && !rest->bad; i++) {
        struct find *find = &tables->finds[i];
        find->finding = (int32_t)take_below(rest, (int64_t)tables->findings + 1) - 1;
        find->kind = (int32_t)take_below(rest, 64);
        find->normal = take_below(rest, 2);
        find->measured = take_below(rest, 2);
        find->likely = take_below(rest, 2);
        find->instead_of = take_list(rest, tables, &used, all);
        find->of = take_list(rest, tables, &used, all);
    }
}

static void take_cues(struct rest *rest, struct tables *tables)
{
    tables->cues_count = take_count(rest, 13);
    if (rest->bad)
        return;
    tables->cues = some(rest, tables->cues_count, sizeof *tables->cues);
    for (uint32_t i = 0; i < tables->cues_count && !rest->bad; i++) {
        struct cue *cue = &tables->cues[i];
        cue->kind = (int32_t)take_below(rest, KINDS);
        cue->reach = take(rest);
        cue->forward = take_below(rest, 2);
        cue->backward = take_below(rest, 2);
        cue->over_commas = take_below(rest, 2);
        cue->box = take_below(rest, 2);
        cue->at_head = take_below(rest, 2);
        cue->since_then = take_below(rest, 2);
        cue->noun = take_below(rest, 2);
        cue->of = (uint32_t)take(rest);
        cue->of |= (uint64_t)(uint32_t)take(rest) << 32;
        cue->stopped_by = (uint32_t)take(rest);
        cue->stopped_ahead = (uint32_t)take(rest);
    }
}

/* Pairs of a letter and a thing, the letters in order: what letters say by themselves. */
static void take_single(struct rest *rest, struct tables *tables, int which, uint32_t things)
{
    struct index *index = &tables->indexes[which];
    uint32_t count = take_count(rest, 2), before = 0;
    index->single = some(rest, count, sizeof *index->single);
    for (uint32_t i = 0; i < count && !rest->bad; i++) {
        uint32_t one = take_below(rest, tables->limit);
        index->single[i] = take_below(rest, things);
        if (one < before)
            rest->bad = true;
        if (rest->bad)
            return;
        struct some *single = &tables->says[before = one].of[which];
        if (!single->count++)
            single->first = i;
    }
}

static struct need take_need(struct rest *rest, const struct tables *tables)
{
    uint32_t set = take_below(rest, (int64_t)tables->sets_count + 1);
    struct need need = {set ? set - 1 : NONE, (int32_t)take_below(rest, FARTHEST + 1), (int32_t)take_below(rest, FARTHEST + 1)};
    rest->bad |= need.least > need.most;
    return need;
}

/* Where what a group needs stands, seen from the letter that leads it; FARTHEST may be any number of words. */
static struct beside beside_of(const struct need *lead, const struct need *need)
{
    int32_t from = lead->most < FARTHEST ? need->least - lead->most : -ANYWHERE;
    int32_t to = need->most < FARTHEST ? need->most - lead->least : ANYWHERE;
    return (struct beside){need->set, 0, (int8_t)from, (int8_t)to};
}

static void take_index(struct rest *rest, struct tables *tables, int which, uint32_t things)
{
    struct index *index = &tables->indexes[which];
    take_single(rest, tables, which, things);
    index->count = take_count(rest, 2 + 3 * NEEDS);
    index->groups = aligned_alloc(LINE, (index->count + 1) * sizeof *index->groups);
    rest->bad |= !index->groups;
    index->needs = some(rest, index->count, sizeof *index->needs);
    for (uint32_t i = 0; i < index->count && !rest->bad; i++) {
        struct group *group = &index->groups[i];
        *group = (struct group){.begins = NONE};
        group->what = take_below(rest, things);
        group->entry = take_below(rest, tables->program_count);
        for (int j = 0; j < NEEDS; j++)
            index->needs[i].of[j] = take_need(rest, tables);
        if (index->needs[i].of[0].set == NONE)
            rest->bad = true;
        for (int j = 0; j < BESIDE; j++)
            group->beside[j] = beside_of(&index->needs[i].of[0], &index->needs[i].of[1 + j]);
        group->least = index->needs[i].of[0].least;
        group->most = index->needs[i].of[0].most;
    }
}

/* Words and pairs with their points, the letters in order, and of each letter the second ones: 0 when it is by itself. */
static void take_features(struct rest *rest, const struct tables *tables, struct points *points)
{
    uint32_t shares_count = take_count(rest, 2), used = 0, before = 0;
    points->features_count = take_count(rest, 3);
    points->of = some(rest, tables->limit, sizeof *points->of);
    points->shares = some(rest, shares_count, sizeof *points->shares);
    points->features = some(rest, points->features_count, sizeof *points->features);
    for (uint32_t i = 0; i < points->features_count && !rest->bad; i++) {
        struct feature *feature = &points->features[i];
        uint32_t one = take_below(rest, tables->limit), second = take_below(rest, tables->limit);
        *feature = (struct feature){(letter)second, {used, take_count(rest, 2)}};
        rest->bad |= one < before || feature->shares.count > shares_count - used;
        if (rest->bad)
            return;
        struct some *of = &points->of[before = one];
        if (!of->count++)
            of->first = i;
        else
            rest->bad |= feature->second <= points->features[i - 1].second;
        for (uint32_t j = 0; j < feature->shares.count; j++) {
            uint16_t which = (uint16_t)take_below(rest, points->count);
            rest->bad |= j && which <= points->shares[used - 1].of;
            points->shares[used++] = (struct share){which, (int16_t)((int32_t)take_below(rest, 2 * MOST_POINTS) - MOST_POINTS)};
        }
    }
}

static void take_points(struct rest *rest, struct tables *tables)
{
    struct points *points = &tables->points;
    points->count = take_count(rest, 2);
    points->finds = some(rest, points->count, sizeof *points->finds);
    points->bases = some(rest, points->count, sizeof *points->bases);
    for (uint32_t i = 0; i < points->count && !rest->bad; i++) {
        points->finds[i] = take_below(rest, tables->finds_count);
        points->bases[i] = -(int32_t)take_below(rest, MOST_POINTS);
        if (!rest->bad && tables->finds[points->finds[i]].finding < 0)
            rest->bad = true;
    }
    take_features(rest, tables, points);
}

static void take_around(struct rest *rest, struct tables *tables)
{
    struct points *around = &tables->around;
    tables->may_be = some(rest, tables->findings + 1, sizeof *tables->may_be);
    around->count = VERDICTS * ZONES;
    around->bases = some(rest, VERDICTS, sizeof *around->bases);
    for (uint32_t i = 0; i < VERDICTS && !rest->bad; i++) {
        uint32_t count = take_count(rest, 1);
        for (uint32_t j = 0; j < count && !rest->bad; j++)
            tables->may_be[take_below(rest, tables->findings)] |= (uint8_t)(1 << i);
        if (!rest->bad)
            around->bases[i] = -(int32_t)take_below(rest, MOST_POINTS);
    }
    if (!rest->bad)
        take_features(rest, tables, around);
}

/* What follows from what was taken. */
static bool work_out(struct tables *tables)
{
    return add_beginnings(tables) && add_leads(tables) && add_choices(tables) && add_members(tables);
}

/* Frees what the tables are made of and reading does not need. */
static void free_sets(struct tables *tables)
{
    free(tables->sets);
    free(tables->letters);
    tables->sets = NULL;
    tables->letters = NULL;
    for (int i = 0; i < INDEXES; i++) {
        free(tables->indexes[i].needs);
        tables->indexes[i].needs = NULL;
    }
}

/* How many leads an index has. */
static size_t leads_count(const struct tables *tables, int which)
{
    const struct some *last = &tables->known[tables->limit - 1].led[which];
    return last->first + last->count;
}

#define ARRAYS 8 /* that are moved, besides two of each index */

/* Moves what reading asks of into one block; without memory for it, all stays where it is. */
static void pack(struct tables *tables)
{
    struct index *indexes = tables->indexes;
    struct block *block = &tables->block;
    size_t bytes[ARRAYS + 2 * INDEXES] = {
        tables->limit * sizeof *tables->known,
        tables->limit * sizeof *tables->says,
        tables->wanted_words * sizeof *tables->wanted,
        tables->members_count * sizeof *tables->members,
        tables->program_count * sizeof *tables->program,
        tables->choices_count * sizeof *tables->choices,
        tables->options_count * sizeof *tables->options,
        tables->ways_count * sizeof *tables->ways,
    }, total = 0, *of_indexes = bytes + ARRAYS;
    for (int i = 0; i < INDEXES; i++) {
        of_indexes[2 * i] = leads_count(tables, i) * sizeof *indexes[i].led;
        of_indexes[2 * i + 1] = indexes[i].count * sizeof *indexes[i].groups;
    }
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++)
        total += room_in_block(bytes[i]);
    if (!tables->limit || !begin_block(block, total))
        return;
    tables->known = move_in(block, tables->known, bytes[0]);
    tables->says = move_in(block, tables->says, bytes[1]);
    tables->wanted = move_in(block, tables->wanted, bytes[2]);
    tables->members = move_in(block, tables->members, bytes[3]);
    tables->program = move_in(block, tables->program, bytes[4]);
    tables->choices = move_in(block, tables->choices, bytes[5]);
    tables->options = move_in(block, tables->options, bytes[6]);
    tables->ways = move_in(block, tables->ways, bytes[7]);
    for (int i = 0; i < INDEXES; i++) {
        indexes[i].led = move_in(block, indexes[i].led, of_indexes[2 * i]);
        indexes[i].groups = move_in(block, indexes[i].groups, of_indexes[2 * i + 1]);
    }
}

struct tables *equina_tables(const int32_t *given, int64_t count)
{
    struct rest rest = {given, count, false};
    if (take(&rest) != VERSION)
        return NULL;
    struct tables *tables = calloc(1, sizeof *tables);
    if (!tables)
        return NULL;
    tables->limit = take_below(&rest, UINT16_MAX);
    tables->findings = take_below(&rest, INT32_MAX);
    tables->says = some(&rest, tables->limit, sizeof *tables->says);
    tables->known = nothing_known(&rest, tables->limit);
    take_letters(&rest, tables);
    take_program(&rest, tables);
    take_finds(&rest, tables);
    take_cues(&rest, tables);
    for (int i = 0; i < INDEXES && !rest.bad; i++)
        take_index(&rest, tables, i, i == FINDS ? tables->finds_count : tables->cues_count);
    for (int i = 0; i < NAMED_SETS; i++)
        tables->named[i] = take_below(&rest, tables->sets_count);
    if (!rest.bad)
        take_points(&rest, tables);
    if (!rest.bad)
        take_around(&rest, tables);
    if (rest.bad || rest.count || !work_out(tables)) {
        equina_tables_free(tables);
        return NULL;
    }
    free_sets(tables);
    pack(tables);
    return tables;
}

static void free_points(struct points *points)
{
    free(points->finds);
    free(points->bases);
    free(points->of);
    free(points->features);
    free(points->shares);
}

void equina_tables_free(struct tables *tables)
{
    if (!tables)
        return;
    bool packed = tables->block.memory;
    for (int i = 0; i < INDEXES; i++) {
        struct index *index = &tables->indexes[i];
        free(index->single);
        free(packed ? NULL : index->led);
        free(packed ? NULL : index->groups);
    }
    free_sets(tables);
    free(tables->finds);
    free(tables->cues);
    free(tables->lists);
    free_points(&tables->points);
    free_points(&tables->around);
    free(tables->may_be);
    if (!packed) {
        free(tables->program);
        free(tables->known);
        free(tables->says);
        free(tables->members);
        free(tables->choices);
        free(tables->options);
        free(tables->ways);
        free(tables->wanted);
    }
    free(tables->block.memory);
    free(tables);
}
