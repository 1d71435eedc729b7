/* Whether a text is plainly in the language of the lexicon. Where that is in doubt, language.py decides. */
#include "text.h"

#define SAMPLE 60          /* chunks looked at */
#define FROM_LATIN 0x250   /* letters from here on are of other alphabets */
#define FEWEST 5           /* with fewer words than this, only another alphabet tells */

struct counts {
    uint32_t words, strange, english, foreign;
};

static bool is_around(character one)
{
    switch (one) {
    case '.': case ',': case ';': case ':': case '!': case '?': case '(': case ')': case '"': case '\'': case '\n':
        return true;
    default:
        return false;
    }
}

static void count_word(const struct scratch *scratch, const character *characters, const uint8_t *kinds, uint32_t count, struct counts *counts)
{
    while (count && is_around(*characters)) {
        characters++;
        kinds++;
        count--;
    }
    while (count && is_around(characters[count - 1]))
        count--;
    if (!count || !(*kinds & ALPHA))
        return;
    counts->words++;
    counts->strange += *characters >= FROM_LATIN;
    uint32_t flags = flags_of(scratch, characters, count);
    counts->english += (flags & IS_ENGLISH) != 0;
    counts->foreign += (flags & IS_FOREIGN) != 0;
}

bool is_doubtful(const struct scratch *scratch)
{
    const character *small = scratch->small.items;
    const uint8_t *kinds = scratch->kinds.items;
    uint32_t count = (uint32_t)scratch->small.count, begin = 0;
    struct counts found = {0, 0, 0, 0};
    for (uint32_t chunk = 0; chunk < SAMPLE && begin <= count; chunk++) {
        uint32_t end = begin;
        while (end < count && small[end] != ' ')
            end++;
        count_word(scratch, small + begin, kinds + begin, end - begin, &found);
        begin = end + 1;
    }
    return !found.words || 2 * found.strange > found.words || (found.foreign >= 2 && found.foreign > found.english) ||
           (found.words >= FEWEST && !found.english);
}
