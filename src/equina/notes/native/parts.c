/* Parts: the parts of a sentence between its commas, and what is told in them (context.py). */
#include "reader.h"

#define OF_A_PART (BIT(HISTORICAL) | BIT(GONE) | BIT(OLD))

/* The first comma at a place or behind it, by its number. */
static size_t comma_from(const struct pile *commas, int32_t place)
{
    const int32_t *places = commas->items;
    size_t low = 0, high = commas->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (places[middle] < place)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Whether anything is told from a place to before another; and whether a finding is named there. */
static bool tells(const struct counted *counts, int32_t low, int32_t high)
{
    return low < high && counts[low].telling < counts[high].telling;
}

static bool names(const struct counted *counts, int32_t low, int32_t high)
{
    return low < high && counts[low].named < counts[high].named;
}

/* Counts up to each word of the sentence. */
static const struct counted *count_words(struct scratch *scratch, struct row row, int32_t sentence)
{
    const struct tables *tables = scratch->tables;
    const struct hit *hits = scratch->hits.items;
    int32_t named = 0; /* before which word the mentions so far end */
    size_t hit = 0;
    struct counted count = {0, 0};
    scratch->counts.count = 0;
    if (!room_for(scratch, &scratch->counts, sizeof count, (size_t)sentence + 1))
        return NULL;
    struct counted *counts = scratch->counts.items;
    for (int32_t i = 0; i < sentence; i++) {
        counts[i] = count;
        for (; hit < scratch->hits.count && hits[hit].start <= i; hit++)
            if (!tables->finds[hits[hit].find].normal && hits[hit].end > named)
                named = hits[hit].end;
        count.telling += !(tables->known[row.letters[i]].marks & IN_SET(SET_LIGHT));
        count.named += i < named;
    }
    counts[sentence] = count;
    return counts;
}

static void hold(const struct scratch *scratch, struct found *found, struct row row, int32_t sentence)
{
    const struct counted *counts = scratch->counts.items;
    const int32_t *commas = scratch->commas.items;
    size_t first = comma_from(&scratch->commas, found->start), last = comma_from(&scratch->commas, found->end - 1);
    bool begins = first < scratch->commas.count && commas[first] == found->start; /* it takes the comma in itself */
    int32_t low = begins ? found->start : first ? commas[first - 1] + 1 : 0;
    int32_t high = last < scratch->commas.count ? commas[last] : sentence - 1;
    bool colon = found->end < sentence && scratch->tables->known[row.letters[found->end]].marks & IN_SET(SET_COLON);
    bool lists = colon || names(counts, found->end, high);
    found->own_behind = tells(counts, low, found->start) || names(counts, low, found->start);
    found->own_ahead = found->own_behind || (!lists && tells(counts, found->end, high));
}

void hold_to_parts(struct scratch *scratch, struct row row, int32_t sentence)
{
    struct found *found = scratch->found.items;
    const struct counted *counts = NULL;
    for (size_t i = 0; i < scratch->found.count; i++) {
        const struct cue *cue = found[i].cue;
        if (!(BIT(cue->kind) & OF_A_PART) || !cue->over_commas || found[i].end > sentence)
            continue;
        counts = counts ? counts : count_words(scratch, row, sentence);
        if (!counts)
            return;
        hold(scratch, &found[i], row, sentence);
    }
}
