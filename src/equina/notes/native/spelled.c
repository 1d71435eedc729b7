/* The words of a text that are letters already, and where they stand: a row of numbers, of each word the letter, how many characters it
 * takes and how many of them are its own. Tests read so, with letters that no text would have. */
#include "reader.h"

/* A word with its widths: how many characters it takes, and how many are its own. */
struct word {
    letter letter;
    int32_t takes, own;
};

#define NUMBERS 3 /* of a word */

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
    for (int64_t i = 0; i < count; i += NUMBERS) {
        if (count - i < NUMBERS)
            return false;
        struct word word = {spelled[i], spelled[i + 1], spelled[i + 2]};
        if (word.letter >= scratch->tables->limit || place > INT32_MAX / 2 || !add_word(scratch, &word, (int32_t)place))
            return false;
        place += word.takes;
    }
    return true;
}
