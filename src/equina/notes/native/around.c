/* Around: what the words around a complaint make likely, that it is old, over, another's or only named (around.py). */
#include "told.h"

#define LONG_TELLING 200 /* words of a text in which they are of no account */
#define OWN_BEFORE 2     /* words before a complaint among which "my" makes it the writer's own */
/* Of how many words each zone is, at most: the sentence before, the words of its own on either side, and the next sentence. */
#define WORDS_LAST 24
#define WORDS_BEFORE 20
#define WORDS_BEHIND 24
#define WORDS_NEXT 24
#define WORDS_MOST 24
_Static_assert(WORDS_LAST <= WORDS_MOST && WORDS_BEFORE <= WORDS_MOST && WORDS_BEHIND <= WORDS_MOST && WORDS_NEXT <= WORDS_MOST, "");

enum { ZONE_LAST, ZONE_BEFORE, ZONE_BEHIND, ZONE_NEXT };
enum { MAKES_OLD, MAKES_PAST, MAKES_OTHERS, MAKES_WARNED };

/* What a verdict makes of a mention: a mark that it is as it was, or another assertion. */
static const int32_t MADE[VERDICTS] = {AS_BEFORE, SAYS_HISTORICAL, SAYS_FAMILY, SAYS_HYPOTHETICAL};

/* What was met of a zone, each once. */
struct met_features {
    const struct feature *all[2 * WORDS_MOST];
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

/* The words of a mention, of which the characters are told, in its sentence. */
static void stretch_of(const struct scratch *scratch, const int32_t *told, const struct spoken *spoken, int32_t words[2])
{
    const int32_t *starts = scratch->starts.items, *ends = scratch->ends.items;
    words[0] = spoken->begin;
    while (words[0] < spoken->end && starts[words[0]] < told[0])
        words[0]++;
    words[1] = words[0];
    while (words[1] < spoken->end && ends[words[1]] <= told[1])
        words[1]++;
}

/* Into the totals of the verdicts what stands around some words of the sentence of this number. */
static void weigh_around(const struct scratch *scratch, struct row text, const int32_t words[2], size_t number, int32_t *totals)
{
    const struct points *around = &scratch->tables->around;
    const struct spoken *spoken = (const struct spoken *)scratch->spoken.items + number;
    for (int i = 0; i < VERDICTS; i++)
        totals[i] = around->bases[i];
    if (number)
        weigh_zone(around, text, spoken[-1].end - least(WORDS_LAST, spoken[-1].end - spoken[-1].begin), spoken[-1].end, ZONE_LAST, totals);
    weigh_zone(around, text, words[0] - least(WORDS_BEFORE, words[0] - spoken->begin), words[0], ZONE_BEFORE, totals);
    weigh_zone(around, text, words[1], least(spoken->end, words[1] + WORDS_BEHIND), ZONE_BEHIND, totals);
    if (number + 1 >= scratch->spoken.count)
        return;
    int32_t past = totals[MAKES_PAST];
    weigh_zone(around, text, spoken[1].begin, least(spoken[1].end, spoken[1].begin + WORDS_NEXT), ZONE_NEXT, totals);
    if (spoken[1].first < spoken[1].last) /* it names a finding: what is past in it is that */
        totals[MAKES_PAST] = past;
}

/* Whether a word of a named set stands between these words. */
static bool holds_any(const struct tables *tables, int set, struct row text, int32_t from, int32_t to)
{
    for (int32_t i = from; i < to; i++)
        if (tables->known[text.letters[i]].marks & IN_SET(set))
            return true;
    return false;
}

/* Whether the writer tells of themselves between these words. */
static bool is_own(const struct tables *tables, struct row text, int32_t from, int32_t to)
{
    return holds_any(tables, SET_OWN, text, from, to);
}

/* In how many sentences the writer tells of themselves. */
static size_t count_own(const struct scratch *scratch, struct row text)
{
    const struct spoken *spoken = scratch->spoken.items;
    size_t count = 0;
    for (size_t i = 0; i < scratch->spoken.count; i++)
        count += is_own(scratch->tables, text, spoken[i].begin, spoken[i].end);
    return count;
}

/* The verdict with the most points of those that may be, by their bits; -1: none. */
static int best_of(const int32_t *totals, uint32_t may)
{
    int best = -1;
    for (int i = 0; i < VERDICTS; i++)
        if (may >> i & 1 && totals[i] >= 0 && (best < 0 || totals[i] > totals[best]))
            best = i;
    return best;
}

/* Judges one mention of the sentence of this number; `elsewhere`: the writer tells of themselves in another. */
static void judge_mention(const struct scratch *scratch, struct row text, int32_t *told, size_t number, bool elsewhere)
{
    const struct tables *tables = scratch->tables;
    const struct spoken *spoken = (const struct spoken *)scratch->spoken.items + number;
    int32_t *verdict = &told[VERDICT], words[2], totals[VERDICTS];
    uint32_t may = tables->may_be[tables->finds[told[FIND]].finding];
    if (!may || (*verdict & (ASSERTION | ONSET | AS_BEFORE)) != SAYS_PRESENT)
        return;
    if ((*verdict & (BARE | IS_NOW | OF_THIS_HOUR)) != BARE || told[CUE] >= 0) /* a cue has judged it */
        may &= 1u << MAKES_OLD;
    stretch_of(scratch, told, spoken, words);
    int32_t from = words[0] - least(OWN_BEFORE, words[0] - spoken->begin);
    bool mine = is_own(tables, text, from, words[1]);
    if (holds_any(tables, SET_AT_HAND, text, from, words[1]))
        may &= ~(1u << MAKES_PAST);
    if (mine || scratch->carer || !elsewhere)
        may &= ~(1u << MAKES_OTHERS);
    if (mine)
        may &= ~(1u << MAKES_WARNED);
    weigh_around(scratch, text, words, number, totals);
    int best = best_of(totals, may);
    if (best >= 0)
        *verdict = best == MAKES_OLD ? *verdict | AS_BEFORE : (*verdict & ~BARE) | MADE[best];
}

void judge_by_words_around(struct scratch *scratch, struct row text)
{
    const struct spoken *spoken = scratch->spoken.items;
    if (text.count > LONG_TELLING)
        return;
    size_t own = count_own(scratch, text);
    for (size_t i = 0; i < scratch->spoken.count; i++) {
        bool elsewhere = own > is_own(scratch->tables, text, spoken[i].begin, spoken[i].end);
        for (size_t j = spoken[i].first; j < spoken[i].last; j += NUMBERS)
            judge_mention(scratch, text, (int32_t *)scratch->told.items + j, i, elsewhere);
    }
}
