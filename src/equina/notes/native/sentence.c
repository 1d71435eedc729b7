/* A sentence: which of its matches stand as mentions (sentence.py). */
#include <stdlib.h>
#include <string.h>

#include "reader.h"

#define LONGEST 80 /* words of the longest match */
#define FEW 40     /* hits so few that each is looked at */
#define SHORT 24   /* hits so few that they are sorted by hand */

typedef int comparison(const void *, const void *);

/* By the first word, the longer first. */
static int by_start(const void *one, const void *other)
{
    const struct hit *a = one, *b = other;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    if (a->end != b->end)
        return a->end > b->end ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

/* The longest first. */
static int by_length(const void *one, const void *other)
{
    const struct hit *a = one, *b = other;
    int32_t length = a->end - a->start, length_of_other = b->end - b->start;
    if (length != length_of_other)
        return length > length_of_other ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

/* Sorts; hits that are alike stay in their order. */
static void sort_hits(struct pile *pile, comparison *compare)
{
    struct hit *hits = pile->items;
    for (size_t i = 0; i < pile->count; i++)
        hits[i].order = (int32_t)i;
    if (pile->count > SHORT) {
        qsort(hits, pile->count, sizeof *hits, compare);
        return;
    }
    for (size_t i = 1; i < pile->count; i++) {
        struct hit hit = hits[i];
        size_t j = i;
        for (; j && compare(&hits[j - 1], &hit) > 0; j--)
            hits[j] = hits[j - 1];
        hits[j] = hit;
    }
}

size_t first_hit(const struct pile *pile, int32_t start)
{
    const struct hit *hits = pile->items;
    size_t low = 0, high = pile->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (hits[middle].start < start)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Between which hits those that overlap this one must stand. */
static void near(const struct pile *pile, const struct hit *hit, size_t *first, size_t *last)
{
    bool few = pile->count < FEW;
    *first = few ? 0 : first_hit(pile, hit->start - LONGEST);
    *last = few ? pile->count : first_hit(pile, hit->end);
}

static bool overlaps(const struct hit *one, const struct hit *other)
{
    return one->end > other->start && one->start < other->end;
}

static bool lists(const struct tables *tables, struct list list, int32_t finding)
{
    for (uint32_t i = 0; i < list.count; i++)
        if ((int32_t)tables->lists[list.first + i] == finding)
            return true;
    return false;
}

/* Whether another sense of the words takes the whole mention in. */
static bool senseless(const struct scratch *scratch, const struct hit *hit)
{
    const struct tables *tables = scratch->tables;
    const struct hit *senses = scratch->senses.items;
    size_t first, last;
    near(&scratch->senses, hit, &first, &last);
    for (size_t i = first; i < last; i++) {
        const struct hit *other = &senses[i];
        struct list of = tables->finds[other->find].of;
        if (other->start <= hit->start && hit->end <= other->end && overlaps(other, hit))
            if (!of.count || lists(tables, of, tables->finds[hit->find].finding))
                return true;
    }
    return false;
}

/* Whether what is normal begins within the words that name the finding: "trouble [walking, bowels fine]". */
static bool runs_out_of(const struct tables *tables, const struct hit *named, const struct hit *normal)
{
    return tables->finds[normal->find].normal && !tables->finds[named->find].normal && named->start < normal->start;
}

/* Keeps a hit, unless there is a longer one of the same finding on the same words. */
static void keep(struct scratch *scratch, const struct hit *hit)
{
    int32_t finding = scratch->tables->finds[hit->find].finding;
    struct hit *kept = scratch->hits.items;
    struct hit *twin = scratch->finding_seen[finding] == scratch->now ? &kept[scratch->latest[finding]] : NULL;
    if (twin && twin->end > hit->start) {
        if (hit->end - hit->start > twin->end - twin->start && !runs_out_of(scratch->tables, twin, hit))
            *twin = *hit;
        return;
    }
    scratch->finding_seen[finding] = scratch->now;
    scratch->latest[finding] = (int32_t)scratch->hits.count;
    struct hit *new = put(scratch, &scratch->hits, sizeof *new);
    if (new)
        *new = *hit;
}

/* Marks the hits for which a more exact finding stands on the same words; the longer mention is heard first. */
static void drop_weaker(struct scratch *scratch)
{
    const struct tables *tables = scratch->tables;
    struct hit *kept = scratch->hits.items;
    scratch->all.count = 0;
    for (size_t i = 0; i < scratch->hits.count; i++)
        if (tables->finds[kept[i].find].instead_of.count) {
            struct hit *exact = put(scratch, &scratch->all, sizeof *exact);
            if (!exact)
                return;
            *exact = kept[i];
            exact->value = (int32_t)i; /* which it is */
        }
    sort_hits(&scratch->all, by_length);
    const struct hit *exact = scratch->all.items;
    for (size_t i = 0; i < scratch->all.count; i++) {
        if (kept[exact[i].value].dropped)
            continue;
        size_t first, last;
        near(&scratch->hits, &exact[i], &first, &last);
        for (size_t j = first; j < last; j++)
            if (overlaps(&kept[j], &exact[i]))
                kept[j].dropped |= lists(tables, tables->finds[exact[i].find].instead_of, tables->finds[kept[j].find].finding);
    }
    size_t left = 0;
    for (size_t i = 0; i < scratch->hits.count; i++)
        if (!kept[i].dropped)
            kept[left++] = kept[i];
    scratch->hits.count = left;
}

/* The matches as hits in order; those that are another sense of the words once more by themselves. */
static void gather(struct scratch *scratch)
{
    const struct match *matches = scratch->matches.items;
    scratch->all.count = scratch->senses.count = scratch->hits.count = 0;
    for (size_t i = 0; i < scratch->matches.count; i++) {
        const struct match *match = &matches[i];
        struct hit *hit = put(scratch, &scratch->all, sizeof *hit);
        if (!hit)
            return;
        int32_t value = scratch->tables->finds[match->what].measured ? match->value : -1;
        *hit = (struct hit){match->start, match->end, match->what, value, 0, false};
    }
    sort_hits(&scratch->all, by_start);
    const struct hit *all = scratch->all.items;
    for (size_t i = 0; i < scratch->all.count; i++)
        if (scratch->tables->finds[all[i].find].finding < 0) {
            struct hit *sense = put(scratch, &scratch->senses, sizeof *sense);
            if (!sense)
                return;
            *sense = all[i];
        }
}

/* Takes from the hits what joins their words to those behind them: a cue may begin there. */
static void trim(struct scratch *scratch, struct row row)
{
    struct hit *hits = scratch->hits.items;
    for (size_t i = 0; i < scratch->hits.count; i++)
        while (hits[i].end - 1 > hits[i].start && scratch->tables->known[row.letters[hits[i].end - 1]].marks & IN_SET(SET_JOINING))
            hits[i].end--;
}

/* From the matches the hits that stand: no other sense of the words, no shorter twin, nothing that a more exact finding says
 * better. */
void settle(struct scratch *scratch, struct row row)
{
    const struct tables *tables = scratch->tables;
    bool exact = false;
    gather(scratch);
    const struct hit *all = scratch->all.items;
    for (size_t i = 0; i < scratch->all.count && !scratch->failed; i++) {
        if (tables->finds[all[i].find].finding < 0 || (scratch->senses.count && senseless(scratch, &all[i])))
            continue;
        keep(scratch, &all[i]);
        exact |= tables->finds[all[i].find].instead_of.count > 0;
    }
    sort_hits(&scratch->hits, by_start);
    if (exact && !scratch->failed)
        drop_weaker(scratch);
    trim(scratch, row);
}

void add_likely(struct scratch *scratch)
{
    const struct hit *likely = scratch->likely.items;
    for (size_t i = 0; i < scratch->likely.count; i++) {
        struct hit *hit = put(scratch, &scratch->hits, sizeof *hit);
        if (!hit)
            return;
        *hit = likely[i];
    }
    if (scratch->likely.count)
        sort_hits(&scratch->hits, by_start);
}
