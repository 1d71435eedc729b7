/* Points: what a sentence is likely to say of a finding that no pattern names (points.py). */
#include <stdlib.h>
#include <string.h>

#include "told.h"

#define WINDOW 40 /* words that are added up together */
#define STEP 20   /* words between the beginnings of two windows */

/* A word or a pair of a window that has points: where it begins, of how many words it is. */
struct weighing {
    const struct feature *feature;
    int32_t place, width;
};

/* What one window holds. */
struct window {
    struct weighing all[2 * WINDOW];
    int32_t count;
};

const struct feature *feature_of(const struct points *points, letter one, letter second)
{
    uint32_t low = points->of[one].first, end = low + points->of[one].count, high = end;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (points->features[middle].second < second)
            low = middle + 1;
        else
            high = middle;
    }
    return low < end && points->features[low].second == second ? &points->features[low] : NULL;
}

/* Begins a window: no feature was met in it. */
static void new_window(struct scratch *scratch)
{
    if (scratch->window == UINT32_MAX) {
        memset(scratch->feature_seen, 0, scratch->tables->points.features_count * sizeof *scratch->feature_seen);
        scratch->window = 0;
    }
    scratch->window++;
}

static void weigh_feature(struct scratch *scratch, const struct points *points, struct window *window, struct weighing one)
{
    size_t which = one.feature ? (size_t)(one.feature - points->features) : 0;
    if (!one.feature || scratch->feature_seen[which] == scratch->window)
        return;
    scratch->feature_seen[which] = scratch->window;
    window->all[window->count++] = one;
}

/* The words and pairs that have points, each once. */
static void weigh_words(struct scratch *scratch, const struct points *points, struct row row, struct window *window)
{
    new_window(scratch);
    window->count = 0;
    for (int32_t i = 0; i < row.count; i++) {
        letter one = row.letters[i];
        if (!points->of[one].count)
            continue;
        weigh_feature(scratch, points, window, (struct weighing){feature_of(points, one, 0), i, 1});
        if (i + 1 < row.count)
            weigh_feature(scratch, points, window, (struct weighing){feature_of(points, one, row.letters[i + 1]), i, 2});
    }
}

static int32_t share_of(const struct points *points, const struct feature *feature, uint32_t which)
{
    int32_t sum = 0;
    for (uint32_t i = 0; i < feature->shares.count; i++)
        if (points->shares[feature->shares.first + i].of == which)
            sum += points->shares[feature->shares.first + i].points;
    return sum;
}

/* The stretch of a window with the most points for a finding: the first, if there are several. A pair's count half for each. */
static void heaviest(const struct points *points, const struct window *window, uint32_t which, int32_t count, int32_t *span)
{
    int32_t weights[WINDOW] = {0}, best = 0, run = 0, start = 0;
    for (int32_t i = 0; i < window->count; i++) {
        const struct weighing *one = &window->all[i];
        int32_t share = share_of(points, one->feature, which);
        weights[one->place] += share * (3 - one->width);
        if (one->width == 2)
            weights[one->place + 1] += share;
    }
    span[0] = 0;
    span[1] = count;
    for (int32_t i = 0; i < count; i++) {
        if (run <= 0) {
            run = 0;
            start = i;
        }
        run += weights[i];
        if (run > best) {
            best = run;
            span[0] = start;
            span[1] = i + 1;
        }
    }
}

static bool is_likely_already(const struct scratch *scratch, uint32_t find)
{
    const struct hit *likely = scratch->likely.items;
    for (size_t i = 0; i < scratch->likely.count; i++)
        if (likely[i].find == (int32_t)find)
            return true;
    return false;
}

static void weigh_window(struct scratch *scratch, struct row row, int32_t first)
{
    const struct points *points = &scratch->tables->points;
    struct window window;
    weigh_words(scratch, points, row, &window);
    memcpy(scratch->totals, points->bases, points->count * sizeof *scratch->totals);
    for (int32_t i = 0; i < window.count; i++) {
        struct some shares = window.all[i].feature->shares;
        for (uint32_t j = 0; j < shares.count; j++)
            scratch->totals[points->shares[shares.first + j].of] += points->shares[shares.first + j].points;
    }
    for (uint32_t which = 0; which < points->count; which++) {
        if (scratch->totals[which] < 0 || is_likely_already(scratch, points->finds[which]))
            continue;
        int32_t span[2];
        heaviest(points, &window, which, row.count, span);
        struct hit *hit = put(scratch, &scratch->likely, sizeof *hit);
        if (!hit)
            return;
        *hit = (struct hit){first + span[0], first + span[1], (int32_t)points->finds[which], -1, 0, false};
    }
}

void weigh(struct scratch *scratch, struct row row)
{
    scratch->likely.count = 0;
    if (!scratch->is_short || !scratch->tables->points.count)
        return;
    for (int32_t first = 0; !scratch->failed; first += STEP) {
        int32_t left = row.count - first;
        weigh_window(scratch, (struct row){row.letters + first, left < WINDOW ? left : WINDOW}, first);
        if (left <= WINDOW)
            return;
    }
}

/* Whether one of these findings is named. */
static bool is_seen(const struct scratch *scratch, struct list of)
{
    for (uint32_t i = 0; i < of.count; i++)
        if (scratch->finding_seen[scratch->tables->lists[of.first + i]] == scratch->now)
            return true;
    return false;
}

/* Whether some of the words of a hit have another sense. */
static bool has_another_sense(const struct scratch *scratch, const struct hit *hit)
{
    const struct tables *tables = scratch->tables;
    const struct hit *senses = scratch->senses.items;
    for (size_t i = 0; i < scratch->senses.count; i++) {
        struct list of = tables->finds[senses[i].find].of;
        bool rules_out = !of.count;
        for (uint32_t j = 0; j < of.count && !rules_out; j++)
            rules_out = (int32_t)tables->lists[of.first + j] == tables->finds[hit->find].finding;
        if (rules_out && senses[i].start < hit->end && hit->start < senses[i].end)
            return true;
    }
    return false;
}

void drop_void_likely(struct scratch *scratch)
{
    const struct tables *tables = scratch->tables;
    struct hit *likely = scratch->likely.items;
    const struct hit *hits = scratch->hits.items;
    size_t left = 0;
    new_mark(scratch);
    for (size_t i = 0; i < scratch->hits.count; i++)
        scratch->finding_seen[tables->finds[hits[i].find].finding] = scratch->now;
    for (size_t i = 0; i < scratch->likely.count; i++)
        if (!is_seen(scratch, tables->finds[likely[i].find].of) && !has_another_sense(scratch, &likely[i]))
            likely[left++] = likely[i];
    scratch->likely.count = left;
}

void drop_void_told(struct scratch *scratch)
{
    const struct tables *tables = scratch->tables;
    int32_t *told = scratch->told.items;
    size_t left = 1;
    new_mark(scratch);
    for (size_t i = 1; i < scratch->told.count; i += NUMBERS) {
        const struct find *find = &tables->finds[told[i + FIND]];
        int32_t assertion = told[i + VERDICT] & ASSERTION;
        if (!find->likely && (assertion == SAYS_PRESENT || assertion == SAYS_ABSENT || assertion == SAYS_UNCERTAIN))
            scratch->finding_seen[find->finding] = scratch->now;
    }
    for (size_t i = 1; i < scratch->told.count; i += NUMBERS) {
        const struct find *find = &tables->finds[told[i + FIND]];
        if (find->likely) {
            if (is_seen(scratch, find->of))
                continue;
            scratch->finding_seen[find->finding] = scratch->now;
        }
        memmove(told + left, told + i, NUMBERS * sizeof *told);
        left += NUMBERS;
    }
    scratch->told.count = left;
}
