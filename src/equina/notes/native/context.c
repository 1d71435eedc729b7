/* Context: the cues of a sentence (context.py and sentence.py). */
#include <stdlib.h>

#include "reader.h"

#define LONGEST 80 /* words of the longest match */
#define FEW 40     /* mentions so few that each is looked at */
#define SHORT 24   /* cues so few that they are sorted by hand */

#define BOUNDS (BIT(END) | BIT(CLAUSE) | BIT(VERB) | BIT(CAUSE))
#define HIDE_NONE (BOUNDS | BIT(NOW))
#define TIMES (BIT(UNTIL) | BIT(ONGOING) | BIT(NEW) | BIT(WORSE) | BIT(OLD) | BIT(HISTORICAL))

/* By the first word, the longer first, else in the order in which they were found. */
static int in_order(const void *one, const void *other)
{
    const struct found *a = one, *b = other;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    if (a->end != b->end)
        return a->end > b->end ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

static void sort_found(struct found *found, size_t count)
{
    if (count > SHORT) {
        qsort(found, count, sizeof *found, in_order);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        struct found one = found[i];
        size_t j = i;
        for (; j && in_order(&found[j - 1], &one) > 0; j--)
            found[j] = found[j - 1];
        found[j] = one;
    }
}

/* Before which word an event is told last that is of no moment at the head of the sentence ("In 2012 I fell"); 0: none is. Says in the
 * scratch whether something of late is. */
static int32_t last_event(struct scratch *scratch)
{
    const struct match *matches = scratch->matches.items;
    int32_t head = 0, event = 0;
    for (size_t i = 0; i < scratch->matches.count; i++) {
        const struct cue *cue = &scratch->tables->cues[matches[i].what];
        scratch->late |= cue->kind == NEW;
        scratch->turned |= cue->kind == TURN;
        if (cue->kind == LONG_AGO && cue->at_head && !matches[i].start && matches[i].end > head)
            head = matches[i].end;
    }
    for (size_t i = 0; i < scratch->matches.count; i++)
        if (scratch->tables->cues[matches[i].what].kind == EVENT && matches[i].start >= head && matches[i].end > event)
            event = matches[i].end;
    return event;
}

/* From which word on "ever since" is since a moment long ago: of which was told before, or there; not where the sentence tells of one
 * of late, or of an event behind it. Says so in the scratch. */
static int32_t then_from(struct scratch *scratch)
{
    const struct match *matches = scratch->matches.items;
    int32_t event = last_event(scratch), first = INT32_MAX;
    for (size_t i = 0; i < scratch->matches.count; i++) {
        const struct cue *cue = &scratch->tables->cues[matches[i].what];
        int32_t start = matches[i].start;
        if (cue->kind == LONG_AGO && !(cue->at_head && start) && start >= event && start < first)
            first = start;
    }
    scratch->late |= event && first == INT32_MAX;
    if (scratch->late)
        return INT32_MAX;
    scratch->long_ago = first < INT32_MAX;
    return scratch->then && !scratch->turned && !event ? 0 : first;
}

/* Whether a cue of this kind stands among those that bear on mentions. */
static bool bears_on_any(int32_t kind)
{
    return !((BIT(LONG_AGO) | BIT(EVENT) | BIT(TURN) | BIT(JOINT) | BIT(PARTING) | BIT(APART)) & BIT(kind));
}

/* The matches as cues in order. */
static void gather_cues(struct scratch *scratch)
{
    const struct match *matches = scratch->matches.items;
    int32_t then = then_from(scratch);
    scratch->found.count = 0;
    for (size_t i = 0; i < scratch->matches.count; i++) {
        const struct cue *cue = &scratch->tables->cues[matches[i].what];
        if (!bears_on_any(cue->kind) || (cue->at_head && matches[i].start) || (cue->since_then && matches[i].start < then))
            continue;
        struct found *found = put(scratch, &scratch->found, sizeof *found);
        if (!found)
            return;
        *found = (struct found){matches[i].start, matches[i].end, (int32_t)i, cue, cue->forward, cue->backward, -1, INT32_MAX, false, false};
    }
    sort_found(scratch->found.items, scratch->found.count);
}

/* Which kinds stand in the open inside a cue of this kind. */
static uint64_t shown(int32_t kind)
{
    return BIT(kind) & TIMES ? BOUNDS : kind == PSEUDO ? BIT(END) : 0;
}

/* Leaves out the cues inside a longer one. Words of time hide no end of a clause, what is no cue no "but". */
static void drop_inner(struct pile *pile)
{
    struct found *found = pile->items, outer = {.cue = NULL};
    size_t kept = 0;
    for (size_t i = 0; i < pile->count; i++) {
        struct found one = found[i];
        uint64_t kind = BIT(one.cue->kind);
        bool inside = outer.cue && one.end <= outer.end && (one.start != outer.start || one.end != outer.end);
        if (inside && !(kind & shown(outer.cue->kind)))
            continue;
        found[kept++] = one;
        if (!inside && !(kind & HIDE_NONE))
            outer = one;
    }
    pile->count = kept;
}

/* Turns the tick boxes the way this line has them: before the words when a box stands before the `first` mention. But where an
 * answer stands behind a question, from `end` on, the boxes are answers. */
static void turn_boxes(struct pile *pile, int32_t first, int32_t end)
{
    struct found *found = pile->items;
    const struct found *one = NULL, *last = NULL;
    for (size_t i = 0; i < pile->count; i++)
        if (found[i].cue->box) {
            one = one ? one : &found[i];
            last = &found[i];
        }
    if (!one)
        return;
    bool before = one->start < first && last->start < end;
    for (size_t i = 0; i < pile->count; i++)
        if (found[i].cue->box) {
            found[i].forward = before;
            found[i].backward = !before;
        }
}

/* How many mentions name no normal counterpart. */
static size_t plain_hits(const struct scratch *scratch)
{
    const struct hit *hits = scratch->hits.items;
    size_t plain = 0;
    for (size_t i = 0; i < scratch->hits.count; i++)
        plain += !scratch->tables->finds[hits[i].find].normal;
    return plain;
}

/* Whether a mention takes these words in. */
static bool spoken(const struct scratch *scratch, size_t plain, int32_t start, int32_t end)
{
    const struct hit *hits = scratch->hits.items;
    bool many = plain > FEW;
    size_t first = many ? first_hit(&scratch->hits, start - LONGEST) : 0;
    size_t last = many ? first_hit(&scratch->hits, start + 1) : scratch->hits.count;
    for (size_t i = first; i < last; i++)
        if (hits[i].start <= start && end <= hits[i].end && !scratch->tables->finds[hits[i].find].normal)
            return true;
    return false;
}

/* Leaves out denials that are part of what a mention says, and the relatives in the words of a carer. */
static void drop_spoken(struct scratch *scratch)
{
    struct found *found = scratch->found.items;
    size_t kept = 0, plain = plain_hits(scratch);
    for (size_t i = 0; i < scratch->found.count; i++) {
        const struct found one = found[i];
        int32_t kind = one.cue->kind;
        bool dropped = (kind == NEGATED && spoken(scratch, plain, one.start, one.end)) ||
                       (kind == GONE && spoken(scratch, plain, one.start, one.start + 1)) || (kind == FAMILY && scratch->carer);
        if (!dropped)
            found[kept++] = one;
    }
    scratch->found.count = kept;
}

/* The commas of the sentence; gives the one that ends a list of denials: the first behind the last "or". -1: there is none. */
static int32_t gather_commas(struct scratch *scratch, struct row row, int32_t sentence)
{
    int32_t last = -1, closing = -1;
    scratch->commas.count = 0;
    for (int32_t i = 0; i < sentence; i++) {
        unsigned marks = scratch->tables->known[row.letters[i]].marks;
        if (marks & IN_SET(SET_ORS)) {
            last = i;
            closing = -1;
        }
        if (!(marks & IN_SET(SET_COMMA)))
            continue;
        int32_t *comma = put(scratch, &scratch->commas, sizeof *comma);
        if (!comma)
            return -1;
        *comma = i;
        if (last >= 0 && closing < 0)
            closing = i;
    }
    return closing;
}

/* Whether a match is a joint. */
static bool joins(const struct scratch *scratch)
{
    const struct match *matches = scratch->matches.items;
    for (size_t i = 0; i < scratch->matches.count; i++)
        if ((BIT(JOINT) | BIT(PARTING) | BIT(APART) | BIT(EVENT)) & BIT(scratch->tables->cues[matches[i].what].kind))
            return true;
    return false;
}

/* The cues that bear on the hits of a sentence. The row goes on behind the sentence where an answer may stand. */
struct context cues_of(struct scratch *scratch, struct row row, int32_t sentence)
{
    const struct hit *hits = scratch->hits.items;
    find_matches(scratch, CUES, row);
    gather_cues(scratch);
    if (!scratch->found.count || scratch->failed)
        return (struct context){NULL, 0, NULL, 0, -1};
    drop_inner(&scratch->found);
    turn_boxes(&scratch->found, hits[0].start, sentence);
    drop_spoken(scratch);
    int32_t closing = gather_commas(scratch, row, sentence);
    if (scratch->commas.count || joins(scratch))
        hold_to_parts(scratch, row, sentence);
    return (struct context){scratch->found.items, (int32_t)scratch->found.count, scratch->commas.items, (int32_t)scratch->commas.count, closing};
}
