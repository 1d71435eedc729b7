/* The words of a text and where they stand, out of the row of numbers that spelled.py makes of it. */
#include "reader.h"

#define BLANK 0 /* one character, no word */
#define WIDE 2  /* before a word whose widths take two numbers each */
#define MOST 32768

/* A word with its widths: how many characters it takes, and how many are its own. */
struct word {
    letter letter;
    int32_t takes, own;
    int64_t numbers; /* in the row */
};

/* The word whose numbers begin here; 0 numbers when there are too few left. */
static struct word word_at(const letter *spelled, int64_t left)
{
    if (*spelled != WIDE)
        return left < 3 ? (struct word){0, 0, 0, 0} : (struct word){spelled[0], spelled[1], spelled[2], 3};
    if (left < 6 || spelled[2] >= MOST || spelled[4] >= MOST)
        return (struct word){0, 0, 0, 0};
    return (struct word){spelled[1], spelled[2] * MOST + spelled[3], spelled[4] * MOST + spelled[5], 6};
}

static bool add_word(struct scratch *scratch, const struct word *word, int32_t place)
{
    letter *one = put(scratch, &scratch->text, sizeof *one);
    int32_t *start = put(scratch, &scratch->starts, sizeof *start), *end = put(scratch, &scratch->ends, sizeof *end);
    if (!one || !start || !end)
        return false;
    *one = word->letter;
    *start = place;
    *end = place + word->own;
    return true;
}

bool take_words(struct scratch *scratch, const letter *spelled, int64_t count)
{
    scratch->text.count = scratch->starts.count = scratch->ends.count = 0;
    int64_t place = 0;
    for (int64_t i = 0; i < count;) {
        if (spelled[i] == BLANK) {
            place++;
            i++;
            continue;
        }
        struct word word = word_at(spelled + i, count - i);
        if (!word.numbers || word.letter >= scratch->tables->limit || place + word.takes > INT32_MAX / 2 || place + word.own > INT32_MAX / 2)
            return false;
        if (!add_word(scratch, &word, (int32_t)place))
            return false;
        place += word.takes;
        i += word.numbers;
    }
    return true;
}
