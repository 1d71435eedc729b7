/* Stories: what is told over several sentences of a time that is over, or of somebody else (stories.py). */
#include <string.h>

#include "told.h"

#define LONGEST 6 /* sentences of a story */
#define WORDS 250 /* of a sentence that is looked at: in a longer one all is of now */
#define LEAD 2    /* words that may stand before the end of a story in its sentence, unless the story began there */
#define DENIED 2  /* findings that the writer denies of now, so that a story of somebody else is no account of the writer */

/* Marks of a mention, above the bits of its verdict, while stories are sought. */
#define IS_OVER (1 << 16)
#define OF_ANOTHER (1 << 17)
#define WAS_ANOTHERS (1 << 18) /* the same, of what was */
#define MARKS (IS_OVER | OF_ANOTHER | WAS_ANOTHERS)

/* What a sentence tells of a story. The marks of its words tell of these days, and of the past. Places are words of the sentence. */
struct tells {
    uint64_t kinds;           /* of cue in it */
    int32_t end_at, ends;     /* where the words that tell the end of a story begin and end; 0: there are none */
    int32_t apart[2];         /* the same of the first that set apart ("unlike"), */
    int32_t nothing[2];       /* and of the first "nothing" */
    int32_t others_at, other; /* where the first "others" begins and ends */
    int32_t own_at, until;    /* the first word of the writer's own, and the first behind "others"; its end: there is none */
    uint32_t marks;
    bool theirs, at_hand;
};

static bool has(const struct tells *tells, int32_t kind)
{
    return tells->kinds & BIT(kind);
}

static bool has_words(const struct tells *tells, int32_t set)
{
    return tells->marks & IN_SET(set);
}

#define ENDING (BIT(OVER) | BIT(ENDED))
#define SETS_APART (BIT(UNLIKE) | BIT(NOTHING))
#define SETTLING (ENDING | SETS_APART)
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

/* The first cue of a kind that counts, the longest of those; NULL: there is none. */
static const struct match *first_of(const struct scratch *scratch, uint64_t kind)
{
    const struct match *matches = scratch->matches.items, *first = NULL;
    for (size_t i = 0; i < scratch->matches.count; i++) {
        const struct match *match = &matches[i];
        if (kind_of(scratch, match) != kind || is_void(scratch, match, kind))
            continue;
        if (!first || match->start < first->start || (match->start == first->start && match->end > first->end))
            first = match;
    }
    return first;
}

/* The words of a sentence that tell the end of the writer's story, or NULL (stories.py, _end). */
static const struct match *end_in(const struct scratch *scratch, struct row sentence, const struct tells *tells)
{
    const struct known *known = scratch->tables->known;
    bool asks = known[sentence.letters[sentence.count - 1]].marks & IN_SET(SET_QUESTION);
    bool of_others = tells->theirs && tells->own_at >= sentence.count;
    if (has_words(tells, SET_OF_LATE) || of_others || has(tells, LASTS) || has(tells, DOUBTED) || asks)
        return NULL;
    const struct match *end = first_of(scratch, BIT(ENDED));
    if (!end) {
        end = first_of(scratch, BIT(OVER));
        if (!end || (!has(tells, THEN) && end->start > LEAD))
            return NULL;
    }
    for (int32_t i = 0; i < end->start; i++) {
        uint32_t marks = known[sentence.letters[i]].marks;
        if (marks & IN_SET(SET_ABSENCES) || (marks & IN_SET(SET_AT_HAND) && !is_in(scratch, i, BIT(THEN) | ENDING, 0)))
            return NULL;
    }
    return end;
}

/* Where the words of a cue begin and end, if there is one. */
static void put_words(const struct match *cue, int32_t *words)
{
    words[0] = cue ? cue->start : 0;
    words[1] = cue ? cue->end : 0;
}

static struct tells look(struct scratch *scratch, struct row sentence)
{
    struct tells tells = {.own_at = sentence.count, .until = sentence.count};
    if (sentence.count - 1 > WORDS) {
        tells.at_hand = true;
        return tells;
    }
    new_row(scratch, sentence);
    find_matches(scratch, STORIES, sentence);
    const struct match *matches = scratch->matches.items;
    for (size_t i = 0; i < scratch->matches.count; i++) {
        uint64_t kind = kind_of(scratch, &matches[i]);
        if (!is_void(scratch, &matches[i], kind))
            tells.kinds |= kind;
    }
    const struct match *others = has(&tells, OTHERS) ? first_of(scratch, BIT(OTHERS)) : NULL;
    if (others) {
        tells.others_at = others->start;
        tells.other = others->end;
    }
    bool present = false;
    for (int32_t i = sentence.count - 1; i >= 0; i--) {
        uint32_t marks = scratch->tables->known[sentence.letters[i]].marks;
        tells.marks |= marks;
        if (marks & (IN_SET(SET_OWN) | IN_SET(SET_THEIRS)) && !is_in(scratch, i, SETS_APART, 1)) { /* "not me", "nothing like him" */
            tells.theirs |= (marks & IN_SET(SET_THEIRS)) != 0;
            if (marks & IN_SET(SET_OWN))
                tells.own_at = i;
            if (marks & IN_SET(SET_OWN) && i >= tells.other)
                tells.until = i;
        }
        if (marks & (IN_SET(SET_AT_HAND) | IN_SET(SET_OF_THE_PRESENT)) && !is_in(scratch, i, BIT(THEN) | ENDING, 0)) {
            tells.at_hand |= (marks & IN_SET(SET_AT_HAND)) != 0;
            present |= (marks & IN_SET(SET_OF_THE_PRESENT)) != 0;
        }
    }
    tells.at_hand |= has_words(&tells, SET_OF_LATE) || (present && !has_words(&tells, SET_OF_THE_PAST));
    const struct match *end = end_in(scratch, sentence, &tells);
    tells.end_at = end ? end->start : 0;
    tells.ends = end ? end->end : 0;
    put_words(has(&tells, UNLIKE) ? first_of(scratch, BIT(UNLIKE)) : NULL, tells.apart);
    put_words(has(&tells, NOTHING) ? first_of(scratch, BIT(NOTHING)) : NULL, tells.nothing);
    return tells;
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

static void go_on(struct scratch *scratch, struct then *then, int32_t number, const struct tells *tells, struct spoken *spoken)
{
    if (then->back || (has(tells, BACK) && (then->begun >= 0 || then->over))) {
        then->back = true;
        return;
    }
    bool own = !has(tells, OTHERS) || tells->own_at < tells->others_at;
    bool begins = has(tells, THEN) && own && (tells->ends || !tells->at_hand);
    bool of_then = !tells->at_hand && (has_words(tells, SET_OF_THE_PAST) || spoken->last == spoken->first);
    if (then->begun < 0 || number - then->begun > LONGEST)
        *then = (struct then){begins ? number : -1, spoken->first, then->over, false};
    if (then->begun < 0)
        return;
    if (tells->ends) {
        int32_t *told = scratch->told.items;
        place_words(scratch, spoken->begin + tells->end_at, spoken->begin + tells->ends, spoken->closing);
        for (size_t i = then->first; i < spoken->last; i += NUMBERS)
            if (i < spoken->first || told[i + 1] <= spoken->closing[1]) {
                told[i + VERDICT] |= IS_OVER;
                then->over = true;
            }
        for (int32_t back = 1; back <= number - then->begun; back++)
            memcpy(spoken[-back].closing, spoken->closing, sizeof spoken->closing);
    }
    if (tells->ends || has(tells, LASTS) || !(begins || of_then))
        then->begun = -1;
}

/* A story of somebody else: whether it goes on; whether it has any mention; whether the writer told of a complaint of their own, sets it
 * apart from that, says that nothing of it is theirs; whether the writer has it too, or asks for somebody; whether it is of these days, and
 * the part of it told last begins so; what the writer denies. */
struct others {
    bool begun, any, owned, unlike, nothing, none, of_late, late;
    int denied;
    int32_t apart[2], none_of_it[2]; /* the words by which it is set apart, and those that say that nothing of it is theirs */
};

/* Marks mentions from one character to before another as of somebody else. Who cannot pass water now may be the one for whom the writer
 * asks. */
static void mark_other(
    struct scratch *scratch, const struct tells *tells, const struct spoken *spoken, int32_t from, int32_t to, struct others *others)
{
    int32_t *told = scratch->told.items;
    bool was = !tells->at_hand && !has(tells, DOUBTED);
    for (size_t i = spoken->first; i < spoken->last; i += NUMBERS)
        if (from <= told[i] && told[i] < to) {
            told[i + VERDICT] |= OF_ANOTHER | (was ? WAS_ANOTHERS : 0);
            others->any = true;
            others->of_late |= others->late || has_words(tells, SET_OF_LATE);
        }
}

/* Marks what is said behind the naming of somebody else, up to the first word of the writer's own. */
static void begin_other(struct scratch *scratch, const struct tells *tells, const struct spoken *spoken, struct others *others)
{
    const int32_t *starts = scratch->starts.items;
    int32_t from = spoken->begin + tells->other, until = spoken->begin + tells->until;
    others->late = has_words(tells, SET_OF_LATE);
    if (from < spoken->end)
        mark_other(scratch, tells, spoken, starts[from], until < spoken->end ? starts[until] : INT32_MAX, others);
    others->begun = until >= spoken->end; /* who helps or tells the writer is in no story of their own */
}

static void go_on_of_others(struct scratch *scratch, struct others *others, const struct tells *tells, const struct spoken *spoken)
{
    others->none |= others->any && (has(tells, BACK) || has(tells, FOR_THEM));
    if (others->none)
        return;
    bool own = tells->own_at < spoken->end - spoken->begin + 1, about = others->any || has(tells, OTHERS);
    if (about && has(tells, UNLIKE) && !others->unlike)
        place_words(scratch, spoken->begin + tells->apart[0], spoken->begin + tells->apart[1], others->apart);
    if (about && has(tells, NOTHING) && !others->nothing)
        place_words(scratch, spoken->begin + tells->nothing[0], spoken->begin + tells->nothing[1], others->none_of_it);
    others->unlike |= about && has(tells, UNLIKE);
    others->nothing |= about && has(tells, NOTHING);
    if (has(tells, OTHERS) && !(others->begun && own)) {
        begin_other(scratch, tells, spoken, others);
    } else if (others->begun && !own && tells->theirs) {
        mark_other(scratch, tells, spoken, 0, INT32_MAX, others);
    } else if (own) {
        others->begun = false;
        others->owned |= !tells->theirs && says(scratch, spoken, SAYS_PRESENT) > 0;
    }
    if (others->any && others->owned && own && !tells->theirs)
        others->denied += says(scratch, spoken, SAYS_ABSENT);
}

/* The marks of mentions that are none of the writer's. */
static int32_t apart(const struct others *others)
{
    if (others->none || others->of_late)
        return 0;
    bool set_apart = others->owned && (others->unlike || others->denied >= DENIED);
    return others->nothing ? OF_ANOTHER : set_apart ? WAS_ANOTHERS : 0;
}

/* What stories make of a mention of a sentence. */
static void settle_mention(int32_t *told, const struct spoken *spoken, const struct then *then, const struct others *others)
{
    int32_t *verdict = &told[VERDICT];
    bool past = *verdict & IS_OVER && !then->back, another = *verdict & apart(others);
    *verdict &= ~MARKS;
    bool is_old = *verdict & AS_BEFORE || (*verdict & ONSET) == ONSET_LONG_STANDING << 3;
    if (!(past || another) || is_old || (*verdict & ASSERTION) != SAYS_PRESENT)
        return;
    *verdict = (*verdict & ~(ASSERTION | ONSET | BARE)) | (past ? SAYS_HISTORICAL : SAYS_FAMILY);
    const int32_t *cue = past ? spoken->closing : others->nothing ? others->none_of_it : others->unlike ? others->apart : NULL;
    if (cue)
        memcpy(told + CUE, cue, sizeof spoken->closing);
}

void retell(struct scratch *scratch, struct row text)
{
    struct spoken *spoken = scratch->spoken.items;
    struct then then = {.begun = -1};
    struct others others = {.begun = false};
    for (size_t i = 0; i < scratch->spoken.count && !scratch->failed; i++) {
        struct tells tells = look(scratch, (struct row){text.letters + spoken[i].begin, spoken[i].end - spoken[i].begin + 1});
        go_on(scratch, &then, (int32_t)i, &tells, &spoken[i]);
        go_on_of_others(scratch, &others, &tells, &spoken[i]);
    }
    for (size_t i = 0; i < scratch->spoken.count; i++)
        for (size_t j = spoken[i].first; j < spoken[i].last; j += NUMBERS)
            settle_mention((int32_t *)scratch->told.items + j, &spoken[i], &then, &others);
}
