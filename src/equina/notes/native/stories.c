/* Stories: what is told over several sentences of a time that is over, or of somebody else (stories.py). */
#include "told.h"

#define LONGEST 6 /* sentences of a story */
#define DENIED 2  /* findings that the writer denies of now, so that a story of somebody else is no account of the writer */

/* Marks of a mention, above the bits of its verdict, while stories are sought. */
#define IS_OVER (1 << 16)
#define OF_ANOTHER (1 << 17)
#define MARKS (IS_OVER | OF_ANOTHER)

/* What a sentence tells of a story: the kinds of cue in it, where the first "over" and "others" end (a word of the sentence), the marks of
 * its words, whether it tells of now and of the writer. */
struct tells {
    uint64_t kinds;
    int32_t over, others;
    uint32_t marks;
    bool at_hand, own;
    int32_t until; /* the first word of the writer's own behind "others" */
};

static bool has(const struct tells *tells, int32_t kind)
{
    return tells->kinds & BIT(kind);
}

#define SETTLING (BIT(OVER) | BIT(UNLIKE))
#define UNSETTLING (BIT(BACK) | BIT(LASTS))

/* The kind of a match, as a bit; 0: it is none where it stands. */
static uint64_t kind_of(const struct scratch *scratch, const struct match *match)
{
    const struct cue *cue = &scratch->tables->cues[match->what];
    return cue->at_head && match->start ? 0 : BIT(cue->kind);
}

/* Whether a word is in a cue of these kinds, behind its first words. */
static bool is_in(const struct scratch *scratch, int32_t word, uint64_t kinds, int32_t behind)
{
    const struct match *matches = scratch->matches.items;
    for (size_t i = 0; i < scratch->matches.count; i++)
        if (kind_of(scratch, &matches[i]) & kinds && matches[i].start + behind <= word && word < matches[i].end)
            return true;
    return false;
}

/* Whether what ends a story runs into what undoes that, or the other way round: the first of them counts. */
static bool is_void(const struct scratch *scratch, const struct match *match, uint64_t kind)
{
    const struct match *matches = scratch->matches.items;
    uint64_t against = kind & SETTLING ? UNSETTLING : kind & UNSETTLING ? SETTLING : 0;
    for (size_t i = 0; i < scratch->matches.count && against; i++) {
        const struct match *other = &matches[i];
        bool before = other->start < match->start || (other->start == match->start && kind & UNSETTLING);
        if (before && kind_of(scratch, other) & against && match->start < other->end && other->start < match->end)
            return true;
    }
    return false;
}

static struct tells look(struct scratch *scratch, struct row sentence)
{
    struct tells tells = {.kinds = 0};
    uint32_t undated = 0; /* marks of the words that are in no date and no end */
    new_row(scratch, sentence);
    find_matches(scratch, STORIES, sentence);
    for (int32_t i = 0; i < sentence.count; i++) {
        uint32_t marks = scratch->tables->known[sentence.letters[i]].marks;
        tells.marks |= marks;
        if (marks & (IN_SET(SET_AT_HAND) | IN_SET(SET_OF_THE_PRESENT)) && !is_in(scratch, i, BIT(THEN) | BIT(OVER), 0))
            undated |= marks;
    }
    bool present = undated & IN_SET(SET_OF_THE_PRESENT) && !(tells.marks & IN_SET(SET_OF_THE_PAST));
    tells.at_hand = present || undated & IN_SET(SET_AT_HAND) || tells.marks & IN_SET(SET_OF_LATE);
    const struct match *matches = scratch->matches.items;
    const struct match *over = NULL, *others = NULL;
    for (size_t i = 0; i < scratch->matches.count; i++) {
        const struct match *match = &matches[i];
        uint64_t kind = kind_of(scratch, match);
        if (is_void(scratch, match, kind))
            continue;
        tells.kinds |= kind;
        const struct match **first = kind == BIT(OVER) ? &over : kind == BIT(OTHERS) ? &others : NULL;
        if (first && (!*first || match->start < (*first)->start || (match->start == (*first)->start && match->end > (*first)->end)))
            *first = match;
    }
    tells.over = over ? over->end : 0;
    tells.others = others ? others->end : 0;
    tells.until = sentence.count - 1;
    for (int32_t i = sentence.count - 1; i >= 0; i--)
        if (scratch->tables->known[sentence.letters[i]].marks & IN_SET(SET_OWN) && !is_in(scratch, i, BIT(UNLIKE), 1)) { /* "not me" */
            tells.own = true;
            if (i >= tells.others)
                tells.until = i;
        }
    return tells;
}

/* Marks mentions from `first` to before `end`. */
static void mark(struct scratch *scratch, size_t first, size_t end, int32_t mark)
{
    int32_t *told = scratch->told.items;
    for (size_t i = first; i < end; i += NUMBERS)
        told[i + VERDICT] |= mark;
}

/* How many mentions of a sentence say this. */
static int says(const struct scratch *scratch, const struct spoken *spoken, int32_t assertion)
{
    const int32_t *told = scratch->told.items;
    int count = 0;
    for (size_t i = spoken->first; i < spoken->last; i += NUMBERS)
        count += (told[i + VERDICT] & ASSERTION) == assertion;
    return count;
}

/* A story of a time past: in which sentence it began, or -1, and with which mention; whether one had its end; whether it is there again,
 * so that none is over. */
struct then {
    int32_t begun;
    size_t first;
    bool over, back;
};

static void go_on(struct scratch *scratch, struct then *then, int32_t number, const struct tells *tells, const struct spoken *spoken)
{
    if (then->back || (has(tells, BACK) && (then->begun >= 0 || then->over))) {
        then->back = true;
        return;
    }
    bool ends = has(tells, OVER) && !(tells->marks & IN_SET(SET_OF_LATE)) && !has(tells, LASTS);
    bool begins = has(tells, THEN) && (ends || !tells->at_hand);
    if (then->begun < 0 || number - then->begun > LONGEST)
        *then = (struct then){begins ? number : -1, spoken->first, then->over, false};
    if (then->begun < 0)
        return;
    if (ends) {
        int32_t place[2], *told = scratch->told.items;
        place_words(scratch, spoken->begin, spoken->begin + tells->over, place);
        for (size_t i = then->first; i < spoken->last; i += NUMBERS)
            if (i < spoken->first || told[i + 1] <= place[1]) {
                told[i + VERDICT] |= IS_OVER;
                then->over = true;
            }
    }
    if (ends || has(tells, LASTS) || (tells->at_hand && !begins))
        then->begun = -1;
}

/* A story of somebody else: whether it goes on; whether it has any mention, the writer told of a complaint of their own, says that nothing
 * of it is theirs, it is, and the part of it told last begins, of these days; what the writer denies; whether the writer has it too. */
struct others {
    bool begun, any, owned, distinct, of_late, late, back;
    int denied;
};

/* Marks what is said behind the naming of somebody else, up to the first word of the writer's own. */
static void begin_other(struct scratch *scratch, const struct tells *tells, const struct spoken *spoken, struct others *others)
{
    const int32_t *starts = scratch->starts.items;
    others->late = tells->marks & IN_SET(SET_OF_LATE);
    int32_t *told = scratch->told.items, from = spoken->begin + tells->others, until = spoken->begin + tells->until;
    for (size_t i = spoken->first; i < spoken->last; i += NUMBERS)
        if (from < spoken->end && starts[from] <= told[i] && (until >= spoken->end || told[i] < starts[until])) {
            told[i + VERDICT] |= OF_ANOTHER;
            others->any = true;
            others->of_late |= others->late;
        }
    others->begun = until >= spoken->end; /* who helps or tells the writer is in no story of their own */
}

static void go_on_of_others(struct scratch *scratch, struct others *others, const struct tells *tells, const struct spoken *spoken)
{
    if (others->back || (others->any && has(tells, BACK))) {
        others->back = true;
        return;
    }
    bool own = tells->own, theirs = tells->marks & IN_SET(SET_THEIRS), of_late = tells->marks & IN_SET(SET_OF_LATE);
    others->distinct |= has(tells, UNLIKE) && (others->any || has(tells, OTHERS));
    if (has(tells, OTHERS) && !(others->begun && own)) {
        begin_other(scratch, tells, spoken, others);
    } else if (others->begun && !own && (theirs || (others->any && !others->owned))) {
        mark(scratch, spoken->first, spoken->last, OF_ANOTHER);
        others->any |= spoken->last > spoken->first;
        others->of_late |= (others->late || of_late) && spoken->last > spoken->first;
    } else if (own) {
        others->begun = false;
        others->owned |= says(scratch, spoken, SAYS_PRESENT) > 0;
    }
    if (others->any && others->owned && !theirs)
        others->denied += says(scratch, spoken, SAYS_ABSENT);
}

void retell(struct scratch *scratch, struct row text)
{
    const struct spoken *spoken = scratch->spoken.items;
    struct then then = {.begun = -1};
    struct others others = {.begun = false};
    for (size_t i = 0; i < scratch->spoken.count && !scratch->failed; i++) {
        struct tells tells = look(scratch, (struct row){text.letters + spoken[i].begin, spoken[i].end - spoken[i].begin + 1});
        go_on(scratch, &then, (int32_t)i, &tells, &spoken[i]);
        go_on_of_others(scratch, &others, &tells, &spoken[i]);
    }
    bool distinct = !others.back && (others.distinct || (others.denied >= DENIED && !others.of_late));
    int32_t *told = scratch->told.items;
    for (size_t i = 1; i < scratch->told.count; i += NUMBERS) {
        int32_t *verdict = &told[i + VERDICT];
        bool past = *verdict & IS_OVER && !then.back, another = *verdict & OF_ANOTHER && distinct;
        *verdict &= ~MARKS;
        bool is_old = *verdict & AS_BEFORE || (*verdict & ONSET) == ONSET_LONG_STANDING << 3;
        if ((past || another) && !is_old && (*verdict & ASSERTION) == SAYS_PRESENT)
            *verdict = (*verdict & ~(ASSERTION | ONSET | BARE)) | (past ? SAYS_HISTORICAL : SAYS_FAMILY);
    }
}
