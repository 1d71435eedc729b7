/* Talk: what a short sentence says of those before it: that they are old, or their answer (talk.py, sentence.py). */
#include "told.h"

#define A_LIST 2 /* mentions that are a list, so that "all denied" is of them */

struct before following(const struct before *before, int32_t begin, int32_t end, size_t already, size_t count, bool question)
{
    bool goes_on = question && before->question && before->first;
    if (count > already || goes_on)
        return (struct before){begin, end, already, goes_on ? before->first : already, question};
    return (struct before){.question = question};
}

/* Whether a sentence tells that something was asked, or what others say. */
static bool asks(struct scratch *scratch, struct row row)
{
    new_row(scratch, row);
    find_matches(scratch, BEFORE, row);
    const struct match *matches = scratch->matches.items;
    for (size_t i = 0; i < scratch->matches.count; i++)
        if (scratch->tables->cues[matches[i].what].kind == ASKS)
            return true;
    return false;
}

uint64_t remarks_in(const struct scratch *scratch, int32_t words, bool then)
{
    const struct match *matches = scratch->matches.items;
    uint64_t kinds = 0;
    for (size_t i = 0; i < scratch->matches.count; i++) {
        const struct cue *cue = &scratch->tables->cues[matches[i].what];
        int32_t kind = cue->kind;
        if (cue->since_then && !then)
            continue;
        bool anywhere = kind == SAME || kind == DIFFERS, whole = matches[i].end >= words;
        if (anywhere || (matches[i].start == 0 && (kind == STILL || kind == ALL_STILL || whole)))
            kinds |= BIT(kind);
    }
    return kinds;
}

bool names_itself(const struct scratch *scratch, size_t already, int32_t begin)
{
    const struct match *matches = scratch->matches.items;
    const int32_t *told = scratch->told.items;
    for (size_t i = already; i < scratch->told.count; i += NUMBERS) {
        bool within = false;
        for (size_t j = 0; j < scratch->matches.count && !within; j++) {
            if (scratch->tables->cues[matches[j].what].kind != SAME)
                continue;
            int32_t place[2];
            place_words(scratch, begin + matches[j].start, begin + matches[j].end, place);
            within = place[0] <= told[i] && told[i + 1] <= place[1];
        }
        if (!within)
            return false;
    }
    return true;
}

void answer(struct scratch *scratch, struct row text, const struct before *before, int32_t begin, int32_t end, size_t already, uint64_t kinds)
{
    if (scratch->told.count > already) /* it names something itself: it denies nothing, but may affirm */
        kinds &= ~(BIT(DENIES_ALL) | BIT(DENIES_IT));
    bool denies = kinds & (BIT(DENIES_ALL) | BIT(DENIES_IT));
    bool of_all = kinds & BIT(DENIES_ALL) || (!denies && kinds & BIT(AFFIRMS_ALL));
    if (!denies && !of_all && !(kinds & BIT(AFFIRMS_IT)))
        return;
    bool told_so = asks(scratch, (struct row){text.letters + before->begin, before->end - before->begin + 1});
    bool list = of_all && denies && already - before->first >= A_LIST * NUMBERS;
    if (!told_so && !before->question && !list)
        return;
    int32_t *told = scratch->told.items;
    for (size_t i = of_all ? before->first : before->last; i < already; i += NUMBERS) {
        int32_t *verdict = &told[i + VERDICT], assertion = *verdict & ASSERTION;
        bool taken = assertion == SAYS_UNCERTAIN || assertion == SAYS_HYPOTHETICAL;
        bool normal = scratch->tables->finds[told[i + FIND]].normal; /* what works and is asked for is lost when the answer is no */
        taken |= !normal && denies && (told_so || of_all) && assertion == SAYS_PRESENT;
        if (!taken)
            continue;
        *verdict &= ~(ASSERTION | BARE | (denies ? ONSET : 0));
        *verdict |= denies != normal ? SAYS_ABSENT : SAYS_PRESENT;
        place_words(scratch, begin, end, told + i + CUE);
    }
}
