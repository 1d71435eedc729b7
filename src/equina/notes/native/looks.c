/* One look over a text, which tells what need not be looked for in it (looks.py): in doubt a thing is said to be there. */
#include <string.h>

#include "text.h"

#define IS_LETTER(one, letter) (((one) | 32) == (letter))

/* Whether an answer of a form stands right before this place: y, n, yes, no, nil, neg, pos, none. */
static bool answers(const uint8_t *text, int64_t end)
{
    static const char *const values[] = {"y", "n", "yes", "no", "nil", "neg", "pos", "none"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        int64_t length = (int64_t)strlen(values[i]), j = 0;
        while (j < length && end >= length && IS_LETTER(text[end - length + j], values[i][j]))
            j++;
        if (j == length)
            return true;
    }
    return false;
}

static bool is_gap(uint8_t one)
{
    return one == ' ' || one == '\n';
}

/* Whether a line begins with a letter of yes or no. */
static bool answers_alone(const uint8_t *line)
{
    while (*line == ' ' || *line == '\t')
        line++;
    return IS_LETTER(*line, 'y') || IS_LETTER(*line, 'n');
}

static bool is_yes(const uint8_t *at)
{
    return IS_LETTER(at[1], 'e') && IS_LETTER(at[2], 's');
}

/* What the letter at this place begins or ends. `text` goes on with four zeros behind its end. */
static uint32_t seen_at(const uint8_t *text, int64_t i)
{
    const uint8_t *at = text + i;
    bool first = i == 0 || is_gap(at[-1]);
    switch (*at) {
    case '\t':
        return SEES_TABS;
    case '.':
        return at[1] == '.' && at[2] == '.' && at[3] == '.' ? SEES_DOTS : 0;
    case '_':
        return at[1] == '_' ? SEES_DOTS : 0;
    case '+':
        return at[1] == ' ' ? SEES_SIGNS : 0;
    case 'N':
    case 'Y':
        return (at[1] == ' ' && (first || at[-1] == '=') ? SEES_CAPITALS : 0) | (*at == 'Y' && is_yes(at) ? SEES_YES : 0);
    case 'y':
        return (is_yes(at) ? SEES_YES : 0) | (i >= 5 && !memcmp(at - 5, "istor", 5) ? SEES_HISTORY : 0);
    case 'P':
        return at[1] == 'M' && at[2] == 'H' ? SEES_HISTORY : 0;
    case '\n':
        return (is_gap(at[1]) && answers(text, i) ? SEES_BLANKS : 0) | (answers_alone(at + 1) ? SEES_ALONE : 0);
    case ' ':
        return is_gap(at[1]) && answers(text, i) ? SEES_BLANKS : 0;
    case '<':
    case '&':
    case '"':
    case '`':
    case '\r':
        return SEES_ALL; /* signs that are read as others */
    default:
        return 0;
    }
}

/* The signs that tell anything: of the others nothing is asked. */
static const bool tells[256] = {
    ['\t'] = true, ['.'] = true, ['_'] = true, ['+'] = true, ['N'] = true, ['Y'] = true, ['y'] = true, ['P'] = true,
    ['\n'] = true, [' '] = true, ['<'] = true, ['&'] = true, ['"'] = true, ['`'] = true, ['\r'] = true,
};

uint32_t equina_looks(const uint8_t *text, int64_t count)
{
    uint32_t seen = 0;
    for (int64_t i = 0; i < count; i++)
        if (tells[text[i]])
            seen |= seen_at(text, i);
    return seen;
}
