/* What the context makes of a mention (context.py). */
#include "reader.h"

#define FAR 250 /* cues further away than this are of no account */
#define DATED 4 /* words between a mention and its day */
#define RIGHT_BEFORE 2 /* words between a time past and what was normal then */
#define DENIES (BIT(NEGATED) | BIT(FLIP))
#define WEIGHED (DENIES | BIT(UNCERTAIN)) /* what points have weighed with the other words */
#define NOT_PAST (BIT(ONGOING) | BIT(NEW) | BIT(UNTIL)) /* what takes a mention out of a past history */

/* Of each kind the nearest cue that bears on a mention. */
struct active {
    const struct found *of[KINDS];
};

/* How many words stand between a mention and a cue. */
static int32_t away(const struct place *place, const struct found *found)
{
    if (found->end <= place->start)
        return place->start - found->end;
    return found->start > place->end ? found->start - place->end : 0;
}

/* Whether a cue is a word of doubt that stands behind what it doubts; a question mark is none, since an answer may follow. */
static bool doubts_behind(const struct cue *cue)
{
    return cue->kind == UNCERTAIN && cue->backward && cue->reach > 0;
}

/* Whether a cue that shares words with the mention bears on it: doubt inside it, a warning around it or running into it. */
static bool bears_within(const struct place *place, const struct found *found)
{
    uint64_t kind = BIT(found->cue->kind);
    if (place->start <= found->start && found->end <= place->end) {
        if (found->start == place->start)
            return kind & (BIT(NOW) | BIT(NEW)) || (kind == BIT(UNCERTAIN) && found->end == found->start + 1);
        if (found->end == place->end)
            return kind == BIT(NOW) || (doubts_behind(found->cue) && found->end == found->start + 1);
        return kind & (BIT(UNCERTAIN) | BIT(NEW) | BIT(WORSE) | BIT(OLD) | BIT(ONGOING) | BIT(NOW));
    }
    if (found->start < place->start && place->end <= found->end)
        return kind & (BIT(HYPOTHETICAL) | BIT(UNCERTAIN) | BIT(FAMILY) | BIT(HISTORICAL) | BIT(UNTIL));
    if (place->start < found->start && found->end == place->end + 1 && found->end == found->start + 2)
        return doubts_behind(found->cue);
    uint64_t run_in = BIT(NEGATED) | BIT(FLIP) | BIT(HYPOTHETICAL) | BIT(UNCERTAIN) | BIT(HISTORICAL) | BIT(FAMILY) | BIT(KIN);
    return found->start < place->start && kind & (run_in | (found->cue->forward ? BIT(OLD) : 0));
}

static bool comma_between(const struct context *context, int32_t low, int32_t high)
{
    for (int32_t i = 0; i < context->commas_count; i++)
        if (low <= context->commas[i] && context->commas[i] < high)
            return true;
    return false;
}

/* Whether a cue of these kinds stands between. One that itself looks backward parts nothing for one of its own kind. */
static bool stopped(const struct context *context, const struct found *found, uint64_t kinds, int32_t low, int32_t high)
{
    for (int32_t i = 0; i < context->cues_count; i++) {
        const struct found *other = &context->cues[i];
        if (low <= other->start && other->start < high && kinds & BIT(other->cue->kind) && other != found &&
            (other->cue->kind != found->cue->kind || other->forward))
            return true;
    }
    return false;
}

/* Whether a cue beside the mention reaches it. */
static bool reaches(const struct place *place, const struct found *found, const struct context *context)
{
    const struct cue *cue = found->cue;
    bool ahead = found->end <= place->start, over_commas = cue->over_commas;
    if (place->end <= found->low || found->high <= place->start)
        return false;
    int32_t far = away(place, found);
    over_commas = over_commas && !(ahead ? found->own_ahead : found->own_behind);
    if (far > cue->reach || !(ahead ? found->forward : found->backward))
        return false;
    if (place->normal && (cue->kind == NEGATED || cue->kind == FLIP)) {
        if (far > 1 || place->shared)
            return false;
        over_commas = false;
    }
    int32_t low = ahead ? found->end : place->end, high = ahead ? place->start + 1 : found->start;
    if (!over_commas && comma_between(context, low, high))
        return false;
    return !stopped(context, found, cue->stopped_by | (ahead ? cue->stopped_ahead : 0), low, high);
}

static bool bears(const struct place *place, const struct found *found, const struct context *context)
{
    const struct cue *cue = found->cue;
    uint64_t kind = BIT(cue->kind);
    if ((cue->noun && place->absence) || (cue->of && !(cue->of >> place->about & 1)))
        return false;
    if ((kind & DENIES && place->normal && place->absence && place->end <= found->start) || (kind & WEIGHED && place->weighed))
        return false;
    if (found->start < place->end && place->start < found->end)
        return bears_within(place, found);
    if (!reaches(place, found, context))
        return false;
    return !(context->closing >= 0 && cue->noun && found->end <= context->closing && context->closing < place->start);
}

static struct active active_of(const struct place *place, const struct context *context)
{
    struct active active = {{NULL}};
    for (int32_t i = 0; i < context->cues_count; i++) {
        const struct found *found = &context->cues[i], **held = &active.of[found->cue->kind];
        if (bears(place, found, context) && (!*held || away(place, found) <= away(place, *held)))
            *held = found;
    }
    return active;
}

/* Whether it is told to be of late before a cue behind it comes: "numb since Tuesday I know to go in if my legs go". */
static bool is_dated(const struct place *place, const struct active *active, const struct found *cue)
{
    const struct found *new = active->of[NEW];
    return new && place->end <= new->start && new->end <= cue->start;
}

/* Whether the finding is denied, and by what: a denial of a denial affirms, and so does the denial of what is normal. */
static bool denied(const struct place *place, const struct active *active, const struct found **denial)
{
    const struct found *flip = active->of[FLIP], *assured = active->of[AFFIRMED];
    *denial = active->of[NEGATED];
    if (place->normal && active->of[UNTIL]) {
        *denial = active->of[UNTIL];
        return false;
    }
    if (*denial && (active->of[UNTIL] || (assured && away(place, assured) < away(place, *denial))))
        *denial = NULL;
    if (flip && !*denial && !place->normal) {
        *denial = flip;
        return true;
    }
    return ((*denial != NULL) != (flip != NULL)) != place->normal;
}

/* Whether doubt stands right behind what is normal, where nothing assures it: "Can you pee?" tells nothing. */
static bool unanswered(const struct place *place, const struct active *active)
{
    const struct found *doubt = active->of[UNCERTAIN];
    return place->normal && doubt && doubt->start >= place->end && !active->of[AFFIRMED];
}

/* Whether a time past stands right before what is normal: "I used to be able to pee" tells nothing of now. */
static bool of_then(const struct place *place, const struct active *active)
{
    const struct found *past = active->of[HISTORICAL];
    if (!past || past->start >= place->start || away(place, past) > RIGHT_BEFORE)
        return false;
    return place->normal && !active->of[ONGOING] && !active->of[NOW];
}

static enum onset onset_of(const struct place *place, const struct active *active)
{
    const struct found *new = active->of[NEW], *old = active->of[OLD];
    if (active->of[WORSE] || (new && (!old || away(place, new) <= away(place, old))))
        return ONSET_NEW;
    return old ? ONSET_LONG_STANDING : ONSET_UNKNOWN;
}

static struct verdict plainly(enum assertion assertion, const struct found *cue)
{
    return (struct verdict){.assertion = assertion, .onset = ONSET_UNKNOWN, .cue = cue};
}

/* What is not denied: there, doubtful, or over. */
static struct verdict not_denied(const struct place *place, const struct active *active, const struct found *denial)
{
    const struct found *const *of = active->of;
    bool denied_normal = place->normal && denial;
    if (!denied_normal) {
        const struct found *doubt = of[UNCERTAIN], *assured = of[AFFIRMED];
        if (doubt && !of[UNTIL] && !(assured && away(place, assured) <= away(place, doubt)))
            return plainly(SAYS_UNCERTAIN, doubt);
        if (of[HISTORICAL] && !of[ONGOING] && !of[OLD])
            return plainly(SAYS_HISTORICAL, of[HISTORICAL]);
        if (of[GONE] && !of[ONGOING] && !place->normal)
            return plainly(SAYS_ABSENT, of[GONE]);
    }
    struct verdict verdict = {.assertion = SAYS_PRESENT, .onset = onset_of(place, active), .bare = !denied_normal};
    verdict.cue = denial ? denial : of[AFFIRMED] ? of[AFFIRMED] : of[UNTIL] ? of[UNTIL] : of[ONGOING];
    for (int kind = 0; kind < KINDS; kind++)
        verdict.now |= of[kind] && NOT_PAST & BIT(kind);
    verdict.now = of[NOW] ? 2 : verdict.now;
    return verdict;
}

/* The first cue that begins at `start` or later. */
static int32_t cue_from(const struct context *context, int32_t start)
{
    int32_t low = 0, high = context->cues_count;
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        if (context->cues[middle].start < start)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int32_t comma_from(const struct context *context, int32_t start)
{
    int32_t low = 0, high = context->commas_count;
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        if (context->commas[middle] < start)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The cues and the commas that can bear on a mention. A sentence may be as long as the text. */
static struct context near(const struct context *context, const struct place *place)
{
    if (context->cues_count + context->commas_count < FAR)
        return *context;
    int32_t low = place->start - FAR, high = place->end + FAR;
    int32_t cue = cue_from(context, low), comma = comma_from(context, low);
    return (struct context){context->cues + cue, cue_from(context, high) - cue, context->commas + comma,
                            comma_from(context, high) - comma, context->closing};
}

/* Takes away what stands in another statement before it, where its own tells that it is of late. */
static void set_apart(const struct place *place, struct active *active)
{
    static const int of_another[] = {NEGATED, HYPOTHETICAL, UNCERTAIN, FAMILY, KIN, HISTORICAL};
    const struct found *new = active->of[NEW];
    if (!new || new->start < place->end || away(place, new) > DATED || new->start >= place->high)
        return;
    for (size_t i = 0; i < sizeof of_another / sizeof *of_another; i++) {
        const struct found **found = &active->of[of_another[i]];
        if (*found && (*found)->end <= place->low && !(of_another[i] == NEGATED && place->last_or >= (*found)->end))
            *found = NULL;
    }
}

struct verdict judge(const struct place *place, const struct context *whole)
{
    struct context context = near(whole, place);
    struct active active = active_of(place, &context);
    set_apart(place, &active);
    const struct found *const *of = active.of, *denial;
    if (of[UNASKED]) {
        struct verdict verdict = plainly(SAYS_UNCERTAIN, of[UNASKED]);
        verdict.dropped = true;
        return verdict;
    }
    if (of[FAMILY] || of[KIN])
        return plainly(SAYS_FAMILY, of[FAMILY] ? of[FAMILY] : of[KIN]);
    if (of[HYPOTHETICAL] && !of[UNTIL] && !is_dated(place, &active, of[HYPOTHETICAL]))
        return plainly(SAYS_HYPOTHETICAL, of[HYPOTHETICAL]);
    bool absent = denied(place, &active, &denial);
    if (absent && unanswered(place, &active))
        return plainly(SAYS_UNCERTAIN, of[UNCERTAIN]);
    if (absent && of_then(place, &active)) {
        struct verdict verdict = plainly(SAYS_UNCERTAIN, of[HISTORICAL]);
        verdict.dropped = true;
        return verdict;
    }
    if (absent)
        return plainly(SAYS_ABSENT, denial);
    return not_denied(place, &active, denial);
}
