/* Parts: the parts of a sentence between its commas, and what is told in them (context.py). */
#include "reader.h"

#define JOINS 1 /* what is named on both sides of it may share an age; what is told behind it has a subject of its own */
#define PARTS 2 /* it may not */
#define OWN 4   /* it is no joint, but tells of what has an age of its own */
#define ILL 8   /* the same, of an illness or a medicine */
#define LOOSE 32 /* the same, without a subject: it parts only what has an age of its own */
#define ANY_JOINT (JOINS | PARTS | LOOSE)
#define LATE 16 /* it tells of an event, which parts what is old from it */
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

/* Marks the words of mentions that share no age with others. */
static void mark_own(struct scratch *scratch, uint64_t share)
{
    const struct hit *hits = scratch->hits.items;
    struct counted *counts = scratch->counts.items;
    for (size_t i = 0; i < scratch->hits.count && share; i++) {
        const struct find *find = &scratch->tables->finds[hits[i].find];
        for (int32_t j = hits[i].start; j < hits[i].end && !find->normal && !(share >> find->kind & 1); j++)
            counts[j].joint |= ILL;
    }
}

/* Marks the words of joints, and those of what has its own age. */
static void mark_joints(struct scratch *scratch, int32_t sentence)
{
    const struct match *matches = scratch->matches.items;
    struct counted *counts = scratch->counts.items;
    uint64_t share = 0;
    for (size_t i = 0; i < scratch->matches.count; i++) {
        const struct cue *cue = &scratch->tables->cues[matches[i].what];
        uint32_t joint = cue->kind != JOINT ? 0 : matches[i].end - matches[i].start == 1 ? LOOSE : JOINS;
        joint |= cue->kind == PARTING ? PARTS : cue->kind == APART ? OWN : cue->kind == EVENT ? LATE : 0;
        share |= cue->kind == JOINT ? cue->of : 0;
        for (int32_t j = matches[i].start; joint && j < matches[i].end && j < sentence; j++)
            counts[j].joint |= joint;
    }
    mark_own(scratch, share);
}

/* Counts up to each word of the sentence. */
static const struct counted *count_words(struct scratch *scratch, struct row row, int32_t sentence)
{
    const struct tables *tables = scratch->tables;
    const struct hit *hits = scratch->hits.items;
    int32_t named = 0; /* before which word the mentions so far end */
    size_t hit = 0;
    struct counted count = {0, 0, 0};
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
    mark_joints(scratch, sentence);
    return counts;
}

/* At which joints a cue ends where this word stands between. */
static uint32_t told_by(const struct counted *counts, int32_t i, bool old)
{
    bool own = counts[i].joint & (OWN | ILL), telling = counts[i].telling < counts[i + 1].telling;
    if (!own && counts[i].named < counts[i + 1].named)
        return PARTS | (old ? LATE : 0);
    if (!own && !telling)
        return 0;
    return JOINS | PARTS | (old ? LATE : 0) | (counts[i].joint & OWN ? LOOSE : 0);
}

/* The first joint on the way from a word to another, up to a comma, behind which something is told; `none` when there is none. */
static int32_t joint_on(const struct scratch *scratch, struct row row, int32_t from, int32_t to, bool old, uint32_t told, int32_t none)
{
    const struct counted *counts = scratch->counts.items;
    for (int32_t i = from, step = from < to ? 1 : -1; i != to; i += step) {
        if (scratch->tables->known[row.letters[i]].marks & IN_SET(SET_COMMA))
            return none;
        if (counts[i].joint & told)
            return i;
        if (!(counts[i].joint & ANY_JOINT))
            told |= told_by(counts, i, old);
    }
    return none;
}

/* Holds a cue to its side of a joint where something else is told on it. */
static void join(const struct scratch *scratch, struct found *found, struct row row, int32_t sentence)
{
    const struct counted *counts = scratch->counts.items;
    int32_t reach = found->cue->reach + 1, end = found->end;
    int32_t begin = found->start > reach ? found->start - reach : 0, last = sentence - 1 < end + reach ? sentence - 1 : end + reach;
    uint32_t told = 0;
    bool old = found->cue->kind == OLD;
    if (counts[found->start].joint & ANY_JOINT || scratch->tables->known[row.letters[found->start]].marks & IN_SET(SET_COMMA))
        begin = found->start; /* it takes in what parts it from what stands before: it is of that */
    found->low = joint_on(scratch, row, found->start - 1, begin - 1, old, 0, found->low);
    for (int32_t i = found->start - 1; i >= begin; i--) {
        if (counts[i].joint & ANY_JOINT || scratch->tables->known[row.letters[i]].marks & IN_SET(SET_COMMA))
            break;
        told |= told_by(counts, i, old);
    }
    if (end < last)
        found->high = joint_on(scratch, row, end, last, old, told, found->high);
    if (old && told & LOOSE && !found->cue->since_then) /* "back pain for 20 years both feet are numb" */
        found->high = end;
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
        bool parted = BIT(cue->kind) & OF_A_PART && cue->over_commas, joined = cue->stopped_by & BIT(JOINT);
        if (!(parted || joined) || found[i].end > sentence)
            continue;
        counts = counts ? counts : count_words(scratch, row, sentence);
        if (!counts)
            return;
        if (parted)
            hold(scratch, &found[i], row, sentence);
        if (joined)
            join(scratch, &found[i], row, sentence);
    }
}
