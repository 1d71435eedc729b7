/* Numbers: to which stretch of the number line one belongs (vocabulary.py). */
#include "text.h"

#define EXACT 15     /* digits that a double holds as they are */
#define BELOW 9      /* digits from which on what stands below the line of a fraction is of no account */

/* A number while it is read. */
struct reading {
    double value;
    int digits, after; /* how many, and how many of them after the point */
    int64_t below;
    int below_digits;
    double shift;
    bool odd; /* Python is to be asked */
};

static struct reading read_number(const character *word, const uint8_t *kinds, uint32_t count)
{
    struct reading number = {0};
    bool point = false, line = false;
    for (uint32_t i = 0; i < count; i++) {
        bool digit = word[i] >= '0' && word[i] <= '9';
        number.odd |= kinds[i] & DECIMAL && !digit;
        if (digit && line) {
            number.below = number.below_digits++ < BELOW ? 10 * number.below + (int64_t)(word[i] - '0') : number.below;
        } else if (digit) {
            number.value = 10 * number.value + (double)(word[i] - '0');
            number.digits++;
            number.after += point;
        } else if (word[i] == '.') {
            point = true;
        } else if (word[i] == '/') {
            line = true;
        } else if (word[i] != ',') {
            number.shift = word[i] == '+' ? 0.3 : -0.3;
        }
    }
    return number;
}

/* The narrowest range that holds what stands below the line; NULL: none does. */
static const struct line *line_of(const struct words *words, const struct reading *number)
{
    const struct line *found = NULL;
    for (uint32_t i = 0; i < words->lines_count; i++) {
        const struct line *line = &words->lines[i];
        if (!number->below_digits) {
            if (!line->fraction)
                return line;
        } else if (number->below_digits < BELOW && line->fraction && line->least <= number->below && number->below <= line->most &&
                   (!found || line->most - line->least < found->most - found->least)) {
            found = line;
        }
    }
    return found;
}

letter number_of(const struct words *words, const character *word, const uint8_t *kinds, uint32_t count)
{
    if (!(kinds[0] & DECIMAL))
        return OTHER;
    struct reading number = read_number(word, kinds, count);
    if (number.odd || number.digits > EXACT)
        return 0;
    const struct line *line = line_of(words, &number);
    if (!line)
        return OTHER;
    double power = 1;
    for (int i = 0; i < number.after; i++)
        power *= 10;
    double value = number.value / power + number.shift;
    const double *ends = words->ends + line->first;
    uint32_t place = 0;
    while (place < line->count && ends[place] < value)
        place++;
    return (letter)(line->letters + 2 * place + (place < line->count && ends[place] == value));
}
