/* Ages: what the words around a complaint make likely, that it is old and as it was (ages.py). */
#include "told.h"

/* Of how many words each zone is, at most: before the words that name a complaint, behind them, and the next sentence. */
#define WORDS_BEFORE 20
#define WORDS_BEHIND 24
#define WORDS_NEXT 24

enum { ZONE_BEFORE, ZONE_BEHIND, ZONE_NEXT };

/* What was met of a zone, each once. */
struct met_features {
    const struct feature *all[2 * (WORDS_BEFORE + WORDS_BEHIND + WORDS_NEXT)];
    int count;
};

static int32_t first_points(const struct points *ages, struct met_features *met, const struct feature *feature, uint32_t zone)
{
    if (!feature)
        return 0;
    for (int i = 0; i < met->count; i++)
        if (met->all[i] == feature)
            return 0;
    met->all[met->count++] = feature;
    return share_of(ages, feature, zone);
}

/* The points of the words from one to before another, which are no more than a zone has. */
static int32_t weigh_zone(const struct points *ages, struct row text, int32_t from, int32_t to, uint32_t zone)
{
    struct met_features met = {.count = 0};
    int32_t sum = 0;
    for (int32_t i = from; i < to; i++) {
        letter one = text.letters[i];
        if (!ages->of[one].count)
            continue;
        sum += first_points(ages, &met, feature_of(ages, one, 0), zone);
        if (i + 1 < to)
            sum += first_points(ages, &met, feature_of(ages, one, text.letters[i + 1]), zone);
    }
    return sum;
}

static int32_t least(int32_t one, int32_t other)
{
    return one < other ? one : other;
}

/* Whether a mention, by its characters, of a sentence is likely to be old; `next` is the sentence behind it, or NULL. */
static bool is_old(const struct scratch *scratch, struct row text, const int32_t *told, const struct spoken *spoken, const struct spoken *next)
{
    const struct points *ages = &scratch->tables->ages;
    const int32_t *starts = scratch->starts.items, *ends = scratch->ends.items;
    int32_t start = spoken->begin, total = *ages->bases;
    while (start < spoken->end && starts[start] < told[0])
        start++;
    int32_t end = start;
    while (end < spoken->end && ends[end] <= told[1])
        end++;
    total += weigh_zone(ages, text, start - least(WORDS_BEFORE, start - spoken->begin), start, ZONE_BEFORE);
    total += weigh_zone(ages, text, end, least(spoken->end, end + WORDS_BEHIND), ZONE_BEHIND);
    if (next)
        total += weigh_zone(ages, text, next->begin, least(next->end, next->begin + WORDS_NEXT), ZONE_NEXT);
    return total >= 0;
}

void age_likely(struct scratch *scratch, struct row text)
{
    const struct tables *tables = scratch->tables;
    const struct spoken *spoken = scratch->spoken.items;
    int32_t *told = scratch->told.items;
    for (size_t i = 0; i < scratch->spoken.count; i++)
        for (size_t j = spoken[i].first; j < spoken[i].last; j += NUMBERS) {
            int32_t *verdict = &told[j + VERDICT], finding = tables->finds[told[j + FIND]].finding;
            if (tables->may_be_old[finding] && (*verdict & ASSERTION) == SAYS_PRESENT && !(*verdict & ONSET))
                if (is_old(scratch, text, told + j, &spoken[i], i + 1 < scratch->spoken.count ? &spoken[i + 1] : NULL))
                    *verdict |= AS_BEFORE;
        }
}
