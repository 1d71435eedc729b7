/* Around: what the words around a complaint make likely, that it is old, over, another's or only named (around.py). */
#include "told.h"

#define LONG_TEXT 200 /* words of a text in which they are of no account */
/* Of how many words each zone is, at most: the sentence before, the words of its own on either side, and the next sentence. */
#define WORDS_LAST 24
#define WORDS_BEFORE 20
#define WORDS_BEHIND 24
#define WORDS_NEXT 24

enum { ZONE_LAST, ZONE_BEFORE, ZONE_BEHIND, ZONE_NEXT };

/* In the order of the verdicts: that it is as it was, or what else it says. */
static const int32_t MADE[VERDICTS] = {AS_BEFORE, SAYS_HISTORICAL, SAYS_FAMILY, SAYS_HYPOTHETICAL};

/* What was met of a zone, each once. */
struct met_features {
    const struct feature *all[2 * WORDS_LAST];
    int count;
};

static void weigh_feature(const struct points *around, struct met_features *met, const struct feature *feature, uint32_t zone, int32_t *totals)
{
    if (!feature)
        return;
    for (int i = 0; i < met->count; i++)
        if (met->all[i] == feature)
            return;
    met->all[met->count++] = feature;
    for (uint32_t i = 0; i < feature->shares.count; i++) {
        const struct share *share = &around->shares[feature->shares.first + i];
        if (share->of % ZONES == zone)
            totals[share->of / ZONES] += share->points;
    }
}

/* Adds to the totals the points of the words from one to before another, which are no more than a zone has. */
static void weigh_zone(const struct points *around, struct row text, int32_t from, int32_t to, uint32_t zone, int32_t *totals)
{
    struct met_features met = {.count = 0};
    for (int32_t i = from; i < to; i++) {
        letter one = text.letters[i];
        if (!around->of[one].count)
            continue;
        weigh_feature(around, &met, feature_of(around, one, 0), zone, totals);
        if (i + 1 < to)
            weigh_feature(around, &met, feature_of(around, one, text.letters[i + 1]), zone, totals);
    }
}

static int32_t least(int32_t one, int32_t other)
{
    return one < other ? one : other;
}

/* The totals for a mention, by its characters, of one of so many sentences. */
static void weigh_around(const struct scratch *scratch, struct row text, const int32_t *told, size_t number, int32_t *totals)
{
    const struct points *around = &scratch->tables->around;
    const struct spoken *spoken = (const struct spoken *)scratch->spoken.items + number;
    const int32_t *starts = scratch->starts.items, *ends = scratch->ends.items;
    int32_t start = spoken->begin;
    while (start < spoken->end && starts[start] < told[0])
        start++;
    int32_t end = start;
    while (end < spoken->end && ends[end] <= told[1])
        end++;
    for (int i = 0; i < VERDICTS; i++)
        totals[i] = around->bases[i];
    if (number)
        weigh_zone(around, text, spoken[-1].end - least(WORDS_LAST, spoken[-1].end - spoken[-1].begin), spoken[-1].end, ZONE_LAST, totals);
    weigh_zone(around, text, start - least(WORDS_BEFORE, start - spoken->begin), start, ZONE_BEFORE, totals);
    weigh_zone(around, text, end, least(spoken->end, end + WORDS_BEHIND), ZONE_BEHIND, totals);
    if (number + 1 < scratch->spoken.count)
        weigh_zone(around, text, spoken[1].begin, least(spoken[1].end, spoken[1].begin + WORDS_NEXT), ZONE_NEXT, totals);
}

void judge_by_words_around(struct scratch *scratch, struct row text)
{
    const struct tables *tables = scratch->tables;
    const struct spoken *spoken = scratch->spoken.items;
    int32_t *told = scratch->told.items;
    for (size_t i = 0; i < scratch->spoken.count && text.count <= LONG_TEXT; i++)
        for (size_t j = spoken[i].first; j < spoken[i].last; j += NUMBERS) {
            int32_t *verdict = &told[j + VERDICT], finding = tables->finds[told[j + FIND]].finding, best = -1, totals[VERDICTS];
            uint8_t may = tables->may_be[finding];
            if (!may || (*verdict & (ASSERTION | ONSET | AS_BEFORE)) != SAYS_PRESENT)
                continue;
            weigh_around(scratch, text, told + j, i, totals);
            for (int k = 0; k < VERDICTS; k++)
                if (may >> k & 1 && totals[k] >= 0 && (best < 0 || totals[k] > totals[best]))
                    best = k;
            if (best >= 0)
                *verdict = MADE[best] == AS_BEFORE ? *verdict | AS_BEFORE : (*verdict & ~BARE) | MADE[best];
        }
}
